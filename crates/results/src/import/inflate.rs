//! Inflates a stream that comes in pieces.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

/// How a stream is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Plain,
    /// gzip
    Gzip,
    /// Zstandard
    Zstd,
}

/// A stream that is not packed as it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stream cannot be inflated: {0}")]
pub struct NotInflatable(String);

/// Inflates piece by piece. What one small piece becomes is handed out before the next is taken, so a stream that grows
/// a thousand times costs no more memory than one that does not.
pub struct Inflate(Decoder);

enum Decoder {
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Vec<u8>>>),
}

impl Encoding {
    /// By the header `Content-Encoding`.
    pub fn named(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Plain),
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

impl Inflate {
    /// So much of the packed stream is taken in one go.
    const PIECE: usize = 4 * 1024;

    /// Begins a stream.
    ///
    /// # Errors
    ///
    /// There is no memory for it.
    pub fn new(encoding: Encoding) -> Result<Self, NotInflatable> {
        Ok(Self(match encoding {
            Encoding::Plain => Decoder::Plain,
            Encoding::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Encoding::Zstd => {
                Decoder::Zstd(Box::new(zstd::stream::write::Decoder::new(Vec::new()).map_err(NotInflatable::of)?))
            }
        }))
    }

    /// What the packed bytes become, handed out piece by piece.
    ///
    /// # Errors
    ///
    /// The stream is not packed as it says.
    pub fn push(&mut self, packed: &[u8], mut take: impl FnMut(&[u8])) -> Result<(), NotInflatable> {
        for piece in packed.chunks(Self::PIECE) {
            let inflated = match &mut self.0 {
                Decoder::Plain => {
                    take(piece);
                    continue;
                }
                Decoder::Gzip(decoder) => {
                    decoder.write_all(piece).map_err(NotInflatable::of)?;
                    decoder.get_mut()
                }
                Decoder::Zstd(decoder) => {
                    decoder.write_all(piece).map_err(NotInflatable::of)?;
                    decoder.flush().map_err(NotInflatable::of)?;
                    decoder.get_mut()
                }
            };
            take(inflated);
            inflated.clear();
        }
        Ok(())
    }

    /// The rest, at the end of the stream.
    ///
    /// # Errors
    ///
    /// The stream ended too early.
    pub fn finish(self, mut take: impl FnMut(&[u8])) -> Result<(), NotInflatable> {
        match self.0 {
            Decoder::Plain => {}
            Decoder::Gzip(decoder) => take(&decoder.finish().map_err(NotInflatable::of)?),
            Decoder::Zstd(mut decoder) => {
                decoder.flush().map_err(NotInflatable::of)?;
                take(decoder.get_ref());
            }
        }
        Ok(())
    }
}

impl NotInflatable {
    #[expect(clippy::needless_pass_by_value, reason = "map_err hands errors over")]
    fn of(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(encoding: Encoding, packed: &[u8]) -> Result<Vec<u8>, NotInflatable> {
        let mut out = Vec::new();
        let mut inflate = Inflate::new(encoding)?;
        for piece in packed.chunks(777) {
            inflate.push(piece, |bytes| out.extend_from_slice(bytes))?;
        }
        inflate.finish(|bytes| out.extend_from_slice(bytes))?;
        Ok(out)
    }

    #[test]
    fn what_was_packed_comes_out() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&text).unwrap();
        let gzip = gzip.finish().unwrap();
        let two = [gzip.clone(), gzip.clone()].concat();
        assert_eq!(inflated(Encoding::Plain, &text), Ok(text.clone()));
        assert_eq!(inflated(Encoding::Gzip, &gzip), Ok(text.clone()));
        assert_eq!(inflated(Encoding::Gzip, &two).unwrap().len(), 2 * text.len());
        assert_eq!(inflated(Encoding::Zstd, &zstd::encode_all(&text[..], 1).unwrap()), Ok(text));
        assert!(inflated(Encoding::Gzip, b"no gzip at all").is_err());
        assert!(inflated(Encoding::Gzip, &gzip[..gzip.len() / 2]).is_err());
        assert!(inflated(Encoding::Zstd, b"no zstd at all").is_err());
    }

    #[test]
    fn what_grows_a_lot_is_handed_out_in_parts() {
        let zeros = vec![0; 64 * 1024 * 1024];
        let packed = zstd::encode_all(&zeros[..], 1).unwrap();
        let (mut most, mut total) = (0, 0);
        let mut inflate = Inflate::new(Encoding::Zstd).unwrap();
        let mut count = |bytes: &[u8]| (most, total) = (most.max(bytes.len()), total + bytes.len());
        inflate.push(&packed, &mut count).unwrap();
        inflate.finish(&mut count).unwrap();
        assert_eq!(total, zeros.len());
        assert!(packed.len() < Inflate::PIECE || most < zeros.len());
    }

    #[test]
    fn encodings_have_names() {
        let named = ["gzip", "X-GZIP", "zstd", "", "identity", "br"].map(Encoding::named);
        let [gzip, zstd, plain] = [Encoding::Gzip, Encoding::Zstd, Encoding::Plain].map(Some);
        assert_eq!(named, [gzip, gzip, zstd, plain, plain, None]);
    }
}
