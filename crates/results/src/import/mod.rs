//! A history of results, one line each.
//!
//! The stream has no greatest length, so it is taken in pieces: bytes are inflated and cut into lines here, lines become
//! results or what is wrong with them. The store takes them in chunks, each of them whole or not at all.

mod inflate;
mod lines;

use serde_json::{Value, json};

use crate::accept::{Arriving, Rules, address};
use crate::compat::json::{self, Kind};
use crate::compat::resultsdb_v2::{Acceptance, parse_result};
use crate::model::ResultId;

pub use inflate::{Encoding, Inflate, NotInflatable};
pub use lines::{Line, Lines};

/// The longest line, in bytes.
pub const MAX_LINE: usize = 1024 * 1024;
/// So many lines make a chunk.
pub const CHUNK_LINES: usize = 5_000;
/// So many bytes make a chunk, whatever the number of lines.
pub const CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// With more bad lines than this the import stops: it is no history of results.
pub const MAX_REJECTED: usize = 1_000;

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// From 1.
    pub line: i64,
    /// What is wrong with it.
    pub error: String,
}

impl Rejected {
    /// As it is answered.
    pub fn to_json(&self) -> Value {
        json!({"line": self.line, "error": self.error})
    }
}

/// Lines that are stored together.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// The number of the first line.
    pub first_line: i64,
    /// The number of the last one.
    pub last_line: i64,
    /// The results with the numbers of their lines.
    pub arriving: Vec<(i64, Arriving)>,
    /// Lines that are no results.
    pub rejected: Vec<Rejected>,
    bytes: usize,
}

impl Batch {
    /// An empty one, behind that line.
    pub fn behind(line: i64) -> Self {
        Self { first_line: line + 1, last_line: line, ..Self::default() }
    }

    /// Takes the next line.
    pub fn push(&mut self, line: &Line, acceptance: &Acceptance, rules: &Rules) {
        self.last_line += 1;
        let read = match line {
            Line::TooLong => Err(format!("a line may have at most {MAX_LINE} bytes")),
            Line::Text(text) if text.iter().all(u8::is_ascii_whitespace) => return,
            Line::Text(text) => {
                self.bytes += text.len();
                result(text, acceptance, rules)
            }
        };
        match read {
            Ok(arriving) => self.arriving.push((self.last_line, arriving)),
            Err(error) => self.rejected.push(Rejected { line: self.last_line, error }),
        }
    }

    /// Whether it has as many lines as are stored together.
    pub fn is_full(&self) -> bool {
        usize::try_from(self.last_line - self.first_line + 1).is_ok_and(|lines| lines >= CHUNK_LINES)
            || self.bytes >= CHUNK_BYTES
    }

    /// Whether no line was taken.
    pub fn is_empty(&self) -> bool {
        self.last_line < self.first_line
    }

    /// Refuses results whose ids are taken, or were given to a line before.
    pub fn reject_taken(&mut self, taken: &[ResultId]) {
        let mut seen: std::collections::BTreeSet<_> = taken.iter().copied().collect();
        let mut rejected = std::mem::take(&mut self.rejected);
        self.arriving.retain(|(line, arriving)| {
            let is_free = arriving.id.is_none_or(|id| seen.insert(id));
            if let (false, Some(id)) = (is_free, arriving.id) {
                rejected.push(Rejected { line: *line, error: format!("the id {id} is taken") });
            }
            is_free
        });
        rejected.sort_by_key(|rejected| rejected.line);
        self.rejected = rejected;
    }
}

/// The result that a line is: a body of the second interface, with an `id` that it keeps.
fn result(line: &[u8], acceptance: &Acceptance, rules: &Rules) -> Result<Arriving, String> {
    let result = parse_result(line, acceptance).map_err(|refusal| refusal.to_string())?;
    address(rules, &result, &[]).map_err(|error| error.to_string())?;
    Ok(Arriving { result, id: id(line)?, submitter: None })
}

fn id(line: &[u8]) -> Result<Option<ResultId>, String> {
    let body = json::parse(line).map_err(|error| error.to_string())?;
    let Kind::Object(fields) = &body.kind else { return Ok(None) };
    match fields.get("id").map(|id| &id.kind) {
        None | Some(Kind::Null) => Ok(None),
        Some(Kind::Number(number)) => match number.parse() {
            Ok(id) if id > 0 => Ok(Some(ResultId(id))),
            Ok(_) | Err(_) => Err("id: expected a whole number from 1 on".to_owned()),
        },
        Some(_) => Err("id: expected a whole number from 1 on".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Outcomes;
    use crate::oracle::history::at;

    fn batch(lines: &[&str]) -> Batch {
        let acceptance = Acceptance {
            outcomes: Outcomes::default(),
            item_keys: vec!["item".to_owned()],
            now: at(1_000_000),
            max_future: Duration::from_secs(60),
        };
        let mut batch = Batch::behind(10);
        for line in lines {
            batch.push(&Line::Text(line.as_bytes().to_vec()), &acceptance, &Rules::default());
        }
        batch
    }

    #[test]
    fn bad_lines_are_named_and_the_rest_is_taken() {
        let good = r#"{"outcome": "PASSED", "testcase": "t", "id": 7}"#;
        let zero = r#"{"outcome": "PASSED", "testcase": "t", "id": 0}"#;
        let mut batch = batch(&[good, "", "{", r#"{"outcome": "PASSED"}"#, zero, good]);
        let numbers = |batch: &Batch| batch.arriving.iter().map(|(line, _)| *line).collect::<Vec<_>>();
        assert_eq!((numbers(&batch), batch.last_line), (vec![11, 16], 16));
        let shown = |batch: &Batch| {
            batch.rejected.iter().map(|rejected| format!("{}: {}", rejected.line, rejected.error)).collect::<Vec<_>>()
        };
        assert_eq!(
            shown(&batch),
            ["13: Bad request", "14: testcase: Field required", "15: id: expected a whole number from 1 on"]
        );
        batch.reject_taken(&[]);
        assert_eq!((numbers(&batch), &*shown(&batch)[3]), (vec![11], "16: the id 7 is taken"));
        batch.reject_taken(&[ResultId(7)]);
        assert_eq!((numbers(&batch).len(), &*shown(&batch)[0]), (0, "11: the id 7 is taken"));
    }

    #[test]
    fn a_chunk_is_full_by_lines_or_by_bytes() {
        let lines = vec![""; CHUNK_LINES];
        assert!(batch(&lines).is_full() && !batch(&lines[1..]).is_full());
        let long = format!(r#"{{"outcome": "PASSED", "testcase": "t", "note": "{}"}}"#, "x".repeat(900_000));
        assert!(batch(&[long.as_str(); 10]).is_full() && !batch(&[long.as_str(); 9]).is_full());
        assert!(batch(&[]).is_empty() && !batch(&[""]).is_empty());
    }
}
