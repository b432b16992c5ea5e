//! What must hold when any bytes are read as stanzas and indices.

use tidegate_archive::deb822::{Field, ScanError, ScanProblem, Scanner, text};
use tidegate_archive::index::{IndexProblem, packages, release, sources};

/// Reads `data` in every way there is.
///
/// # Panics
///
/// If the scanner and the slow reader differ, or an index says something that its text does not bear out.
pub(crate) fn run(data: &[u8]) {
    let text = match text(data) {
        Ok(text) => text,
        Err(error) => {
            assert!(std::str::from_utf8(&data[..error.offset]).is_ok());
            assert_eq!(error.problem, ScanProblem::NotUtf8);
            return;
        }
    };
    let scanned = scan(text);
    assert_eq!(scanned, read_slowly(text), "{text:?}");
    check_indices(text, &scanned);
}

/// A stanza: its fields and where it begins. What was read before damage has no beginning.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Stanza<'a> {
    pub(crate) offset: Option<usize>,
    pub(crate) fields: Vec<Field<'a>>,
}

/// What a text holds: its stanzas, and the damage that ends them.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reading<'a> {
    pub(crate) stanzas: Vec<Stanza<'a>>,
    pub(crate) damage: Option<ScanError>,
}

/// What the scanner makes of a text.
pub(crate) fn scan(text: &str) -> Reading<'_> {
    let mut scanner = Scanner::new(text);
    let mut reading = Reading::default();
    loop {
        let mut fields = Vec::new();
        match scanner.next_stanza(&mut fields) {
            Ok(None) => return reading,
            Ok(offset) => reading.stanzas.push(Stanza { offset, fields }),
            Err(error) => {
                reading.damage = Some(error);
                let offset = None;
                reading.stanzas.push(Stanza { offset, fields });
                assert_eq!(scanner.next_stanza(&mut Vec::new()), Ok(None));
                return reading;
            }
        }
    }
}

/// The slow and obvious reader: one rule after the other, line by line, everything looked at as often as is convenient.
fn read_slowly(text: &str) -> Reading<'_> {
    let mut reading = Reading::default();
    let mut fields = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        match read_line(text, offset, line, &mut fields) {
            Ok(true) => finish(&mut reading, &mut fields),
            Ok(false) => {}
            Err(error) => {
                reading.damage = Some(error);
                reading.stanzas.push(Stanza { offset: None, fields });
                return reading;
            }
        }
        offset += line.len();
    }
    finish(&mut reading, &mut fields);
    reading
}

fn finish<'a>(reading: &mut Reading<'a>, fields: &mut Vec<Field<'a>>) {
    if !fields.is_empty() {
        reading.stanzas.push(Stanza { offset: Some(fields[0].offset), fields: std::mem::take(fields) });
    }
}

/// Takes up one line, which begins at `offset`; true if it ends the stanza.
fn read_line<'a>(text: &'a str, offset: usize, line: &'a str, fields: &mut Vec<Field<'a>>) -> Result<bool, ScanError> {
    let damage = |problem| Err(ScanError { offset, problem });
    if let Some(place) = line.find('\0') {
        return Err(ScanError { offset: offset + place, problem: ScanProblem::Nul });
    }
    if line.starts_with('#') {
        return Ok(false);
    }
    let content = line.trim_matches(BLANKS);
    if content.is_empty() {
        return Ok(true);
    }
    if line.starts_with([' ', '\t']) {
        let Some(field) = fields.last_mut() else {
            return damage(ScanProblem::Continuation);
        };
        field.value = if field.value.is_empty() {
            content
        } else {
            let start = place_of(field.value, text);
            &text[start..place_of(content, text) + content.len()]
        };
        return Ok(false);
    }
    let Some((name, value)) = line.split_once(':') else {
        return damage(ScanProblem::NotAField);
    };
    let name = name.trim_end_matches([' ', '\t']);
    if name.is_empty() || name.starts_with('-') || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return damage(ScanProblem::NotAField);
    }
    let folded = name.to_ascii_lowercase();
    if fields.iter().any(|field| field.name.to_ascii_lowercase() == folded) {
        return damage(ScanProblem::Repeated { name: name.into() });
    }
    let value = value.trim_matches(BLANKS);
    fields.push(Field { name, value, offset });
    Ok(false)
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn place_of(part: &str, text: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// Every stanza is an item of an index, and none is made up.
fn check_indices(text: &str, reading: &Reading<'_>) {
    let value = |stanza: &Stanza<'_>, name: &str| {
        let mut fields = stanza.fields.iter();
        let found = fields.find(|field| field.name.eq_ignore_ascii_case(name));
        found.map_or_else(String::new, |field| field.value.to_owned())
    };
    let binaries: Vec<_> = packages(text).collect();
    let origins: Vec<_> = sources(text).collect();
    assert_eq!(binaries.len(), reading.stanzas.len());
    assert_eq!(origins.len(), reading.stanzas.len());
    for (stanza, (binary, source)) in reading.stanzas.iter().zip(binaries.iter().zip(&origins)) {
        let damaged = stanza.offset.is_none();
        match binary {
            Ok(binary) => {
                assert!(!damaged);
                assert_eq!(Some(binary.offset), stanza.offset);
                assert_eq!(binary.name, value(stanza, "Package"));
                assert_eq!(binary.version, value(stanza, "Version"));
                assert_eq!(binary.depends, value(stanza, "Depends"));
                assert!(!binary.source.is_empty() && !binary.source_version.is_empty());
            }
            Err(error) => {
                assert_eq!(damaged, matches!(error.problem, IndexProblem::Scan(_)));
                assert!(error.offset < text.len());
                assert!(!error.to_string().is_empty());
            }
        }
        match source {
            Ok(source) => {
                assert!(!damaged);
                assert_eq!(source.name, value(stanza, "Package"));
                assert_eq!(source.build_depends, value(stanza, "Build-Depends"));
            }
            Err(error) => assert_eq!(damaged, matches!(error.problem, IndexProblem::Scan(_))),
        }
    }
    if let Ok(release) = release(text) {
        assert_eq!(release.suite, value(&reading.stanzas[0], "Suite"));
    }
}
