//! `import FILE`: a history with one result a line, sent as it is read.
//!
//! The import is named by a digest of the file, so that the same command goes on where a broken one ended.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use reqwest::{Body, Method};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tidegate_kernel::hex;
use tidegate_migrate::cli::{Bar, Console, Exit};

use super::super::client::Client;
use super::super::desk::part;
use super::super::shown::done;
use super::ImportArgs;
use crate::failure::{Failure, of_output};

const PIECE: usize = 64 * 1024;

pub(super) fn import(
    file: &Path,
    args: &ImportArgs,
    client: &Client,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| Failure::usage(format!("{}: {error}", file.display()));
    let is_stdin = file == Path::new("-");
    let id = match &args.id {
        Some(id) => Some(id.clone()),
        None if is_stdin => None,
        None => Some(digest(File::open(file).map_err(failed)?).map_err(failed)?),
    };
    if args.dry_run {
        let stored = match &id {
            Some(id) => client.get(&format!("/api/v1/results/imports/{}", part(id)))?.body,
            None => Value::Null,
        };
        let lines = stored["last_line"].as_i64().unwrap_or(0);
        return done(console, &stored, &format!("would send {}, of which {lines} lines are done", file.display()));
    }
    let of_id = id.as_deref().map(|id| format!("&id={}", part(id))).unwrap_or_default();
    let path = format!("/api/v1/results/import?announce={}{of_id}", args.announce.word());
    let input: Box<dyn Read + Send> =
        if is_stdin { Box::new(std::io::stdin()) } else { Box::new(File::open(file).map_err(failed)?) };
    let encoding = match file.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Some("gzip"),
        Some("zst") => Some("zstd"),
        Some(_) | None => None,
    };
    let bar = console.progress("sending");
    let server = client.server()?;
    let mut request = server.request(Method::POST, &path, &[]).body(body(input, bar));
    if let Some(encoding) = encoding {
        request = request.header("content-encoding", encoding);
    }
    let answer: Value = client.wait(async {
        let answered = server.answered(request).await?;
        let text = answered.bytes().await.map_err(|error| server.away(&error))?;
        serde_json::from_slice(&text).map_err(|error| Failure::fault(error.to_string()))
    })?;
    told(&answer, console)
}

/// Says how it ended; with bad lines the answer is no.
pub(super) fn told(answer: &Value, console: &mut Console<'_>) -> Result<Exit, Failure> {
    const SHOWN: usize = 20;
    let rejected = answer["rejected"].as_array().map(Vec::as_slice).unwrap_or_default();
    let shown = if console.voice.json { 0 } else { SHOWN };
    for line in rejected.iter().take(shown) {
        let said = format!("line {}: {}", line["line"], line["error"].as_str().unwrap_or_default());
        console.warn(&said).map_err(|error| of_output(&error))?;
    }
    let sentence = format!(
        "{} results are stored, {} were there, {} lines are rejected",
        answer["accepted"],
        answer["repeated"],
        rejected.len()
    );
    done(console, answer, &sentence)?;
    Ok(if rejected.is_empty() { Exit::Yes } else { Exit::No })
}

fn digest(mut file: impl Read) -> std::io::Result<String> {
    let (mut digest, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            size => digest.update(&piece[..size]),
        }
    }
    Ok(format!("sha256:{}", hex(&digest.finalize())))
}

/// The file as it is read, piece by piece.
fn body(input: Box<dyn Read + Send>, bar: Bar) -> Body {
    let pieces = futures_util::stream::try_unfold((input, bar, 0), |(mut input, bar, sent)| async move {
        let mut piece = vec![0; PIECE];
        let size = input.read(&mut piece)?;
        if size == 0 {
            return Ok::<_, std::io::Error>(None);
        }
        piece.truncate(size);
        let sent = sent + size;
        bar.step(format!("{} KiB sent", sent / 1024));
        Ok(Some((piece, (input, bar, sent))))
    });
    Body::wrap_stream(pieces)
}
