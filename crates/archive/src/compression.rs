//! The compressions that archive indices come in.
//!
//! Both directions work on memory. Whoever unpacks names the size that it is willing to hold: an archive is another machine's
//! data, and a small file can stand for any amount of it.

use std::io::{self, Read, Write};

use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use liblzma::read::XzDecoder;
use liblzma::write::XzEncoder;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// The `.xz` format (tukaani.org/xz).
    Xz,
    /// Zstandard (RFC 8878).
    Zstd,
}

impl Compression {
    /// All of them, in the order in which an index is looked for.
    pub const ALL: [Compression; 4] = [Compression::Plain, Compression::Gzip, Compression::Xz, Compression::Zstd];

    /// What the name of a file compressed so ends in, with the dot; empty for [`Compression::Plain`].
    pub fn extension(self) -> &'static str {
        match self {
            Compression::Plain => "",
            Compression::Gzip => ".gz",
            Compression::Xz => ".xz",
            Compression::Zstd => ".zst",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Compression::Plain => "plain",
            Compression::Gzip => "gzip",
            Compression::Xz => "xz",
            Compression::Zstd => "zstd",
        }
    }
}

/// Why a file could not be unpacked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecompressError {
    /// The content has more bytes than the caller is willing to hold.
    #[error("expected at most {limit} bytes of content, found more")]
    TooLarge {
        /// The caller's limit, in bytes.
        limit: u64,
    },
    /// The file ends before its content does.
    #[error("expected more {} data, found the end of the file: it is truncated", kind.name())]
    Truncated {
        /// What the file should have been.
        kind: Compression,
    },
    /// The file is not in the format that it should be in, or its checksum is wrong.
    #[error("expected {} data, found damage: {reason}", kind.name())]
    Damaged {
        /// What the file should have been.
        kind: Compression,
        /// What the decoder says.
        reason: String,
    },
}

/// An encoder failed, which means a lack of memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot compress as {}: {reason}", kind.name())]
pub struct CompressError {
    /// What was to be made.
    pub kind: Compression,
    /// What the encoder says.
    pub reason: String,
}

/// The largest window that a zstd file may ask for, as a power of two: 128 MiB. Debian's own use at most 32 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// The memory that an xz decoder may use, in bytes; `xz -9` needs 65 MiB.
const XZ_MEMORY_LIMIT: u64 = 512 << 20;

/// Unpacks a whole file of any number of members, streams or frames, of at most `limit` bytes of content.
///
/// # Errors
///
/// See [`DecompressError`]. A file that was cut short is an error, never a shorter content; so is one of no bytes at all, unless
/// it is plain.
pub fn decompress(kind: Compression, bytes: &[u8], limit: u64) -> Result<Vec<u8>, DecompressError> {
    if kind != Compression::Plain && bytes.is_empty() {
        return Err(DecompressError::Truncated { kind });
    }
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::UnexpectedEof => DecompressError::Truncated { kind },
        _ => DecompressError::Damaged { kind, reason: error.to_string() },
    };
    let unpacked = match kind {
        Compression::Plain => {
            check_size(bytes, limit)?;
            Ok(bytes.to_vec())
        }
        Compression::Gzip => read_up_to(MultiGzDecoder::new(bytes), limit),
        Compression::Xz => liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_LIMIT, liblzma::stream::CONCATENATED)
            .map_err(io::Error::from)
            .and_then(|stream| read_up_to(XzDecoder::new_stream(bytes, stream), limit)),
        Compression::Zstd => zstd::stream::read::Decoder::with_buffer(bytes).and_then(|mut decoder| {
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            read_up_to(decoder, limit)
        }),
    }
    .map_err(failed)?;
    check_size(&unpacked, limit)?;
    Ok(unpacked)
}

/// As [`decompress`], but gives a plain file back without copying it.
///
/// # Errors
///
/// As [`decompress`].
pub fn decompress_owned(kind: Compression, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, DecompressError> {
    if kind != Compression::Plain {
        return decompress(kind, &bytes, limit);
    }
    check_size(&bytes, limit)?;
    Ok(bytes)
}

/// Packs a whole file. The same content gives the same bytes: no name and no time is written into them.
///
/// # Errors
///
/// [`CompressError`] if the encoder cannot have the memory that it needs.
pub fn compress(kind: Compression, bytes: &[u8]) -> Result<Vec<u8>, CompressError> {
    let packed = match kind {
        Compression::Plain => Ok(bytes.to_vec()),
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        Compression::Xz => {
            let mut encoder = XzEncoder::new(Vec::new(), 6);
            encoder.write_all(bytes).and_then(|()| encoder.finish())
        }
        Compression::Zstd => zstd_encoder().and_then(|mut encoder| {
            encoder.write_all(bytes)?;
            encoder.finish()
        }),
    };
    packed.map_err(|error| CompressError { kind, reason: error.to_string() })
}

/// An encoder that writes a checksum, which the format leaves out by default.
fn zstd_encoder<'a>() -> io::Result<zstd::stream::write::Encoder<'a, Vec<u8>>> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL)?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

fn check_size(content: &[u8], limit: u64) -> Result<(), DecompressError> {
    match u64::try_from(content.len()) {
        Ok(size) if size <= limit => Ok(()),
        _ => Err(DecompressError::TooLarge { limit }),
    }
}

/// Reads to the end, or to the first byte beyond the limit.
fn read_up_to(decoder: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    decoder.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKED: [Compression; 3] = [Compression::Gzip, Compression::Xz, Compression::Zstd];

    fn index() -> Vec<u8> {
        "Package: tide\nVersion: 1.0-1\n\n".repeat(200).into_bytes()
    }

    fn packed(kind: Compression, content: &[u8]) -> Vec<u8> {
        compress(kind, content).expect("memory suffices for a test")
    }

    #[test]
    fn unpacks_what_was_packed() {
        for kind in Compression::ALL {
            let unpacked = decompress_owned(kind, packed(kind, &index()), u64::MAX);
            assert_eq!(unpacked, Ok(index()), "{kind:?}");
        }
    }

    #[test]
    fn packs_the_same_content_to_the_same_bytes() {
        for kind in Compression::ALL {
            assert_eq!(packed(kind, &index()), packed(kind, &index()));
        }
        let gzip = packed(Compression::Gzip, &index());
        assert_eq!(gzip[4..8], [0; 4], "gzip holds no time");
        assert_eq!(gzip[3], 0, "gzip holds no name");
    }

    #[test]
    fn reads_all_members_of_a_file() {
        for kind in PACKED {
            let file = [packed(kind, b"one\n"), packed(kind, b""), packed(kind, b"two\n")].concat();
            assert_eq!(decompress(kind, &file, 100), Ok(b"one\ntwo\n".to_vec()), "{kind:?}");
        }
    }

    #[test]
    fn refuses_a_file_cut_anywhere() {
        for kind in PACKED {
            let whole = packed(kind, &index());
            for length in 0..whole.len() {
                let cut = decompress(kind, &whole[..length], u64::MAX);
                assert_eq!(cut, Err(DecompressError::Truncated { kind }), "{kind:?} at {length}");
            }
        }
    }

    #[test]
    fn refuses_a_second_member_cut_anywhere() {
        for kind in PACKED {
            let first = packed(kind, b"one\n");
            let both = [first.clone(), packed(kind, &index())].concat();
            for length in first.len() + 1..both.len() {
                let cut = decompress(kind, &both[..length], u64::MAX);
                assert!(cut.is_err(), "{kind:?} at {length}");
            }
        }
    }

    #[test]
    fn refuses_damage_and_other_formats() {
        for kind in PACKED {
            let mut file = packed(kind, &index());
            let middle = file.len() / 2;
            file[middle] ^= 0xff;
            assert!(decompress(kind, &file, u64::MAX).is_err(), "{kind:?}");
            let damaged = decompress(kind, b"Package: tide\nVersion: 1.0-1\n", u64::MAX);
            assert!(matches!(damaged, Err(DecompressError::Damaged { .. })), "{kind:?}: {damaged:?}");
        }
    }

    #[test]
    fn holds_no_more_than_the_limit() {
        for kind in Compression::ALL {
            let file = packed(kind, &index());
            let size = index().len() as u64;
            assert_eq!(decompress(kind, &file, size), Ok(index()));
            let too_large = Err(DecompressError::TooLarge { limit: size - 1 });
            assert_eq!(decompress(kind, &file, size - 1), too_large);
            assert_eq!(decompress_owned(kind, file, size - 1), too_large);
        }
    }

    #[test]
    fn stops_at_the_limit_of_a_bomb() {
        let bomb = packed(Compression::Zstd, &vec![0; 64 << 20]);
        assert!(bomb.len() < 1 << 16);
        assert_eq!(decompress(Compression::Zstd, &bomb, 1000), Err(DecompressError::TooLarge { limit: 1000 }));
    }

    #[test]
    fn reads_the_windows_that_archives_use() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("valid level");
        encoder.long_distance_matching(true).expect("supported");
        encoder.window_log(25).expect("supported");
        encoder.write_all(&vec![7; 40 << 20]).expect("in memory");
        let file = encoder.finish().expect("in memory");
        let content = decompress(Compression::Zstd, &file, u64::MAX).expect("32 MiB is allowed");
        assert_eq!(content.len(), 40 << 20);
    }

    #[test]
    fn names_files_in_the_order_of_looking() {
        let names = Compression::ALL.map(|kind| format!("Packages{}", kind.extension()));
        assert_eq!(names, ["Packages", "Packages.gz", "Packages.xz", "Packages.zst"]);
    }
}
