//! Packing and unpacking of any content, and of any garbage.

use proptest::prelude::*;
use tidegate_archive::compression::{Compression, DecompressError, compress, decompress, decompress_owned};

fn content() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<Vec<u8>>(),
        ("[a-z: \n]{0,50}", 0..500_usize).prop_map(|(text, times)| text.repeat(times).into_bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unpacks_what_was_packed_and_notices_a_cut(content in content(), cut in any::<prop::sample::Index>()) {
        for kind in Compression::ALL {
            let packed = compress(kind, &content).expect("memory suffices for a test");
            prop_assert_eq!(&compress(kind, &content), &Ok(packed.clone()));
            let size = content.len() as u64;
            prop_assert_eq!(&decompress(kind, &packed, size), &Ok(content.clone()));
            if size > 0 {
                let limit = size - 1;
                prop_assert_eq!(decompress(kind, &packed, limit), Err(DecompressError::TooLarge { limit }));
            }
            if kind != Compression::Plain {
                let length = cut.index(packed.len());
                let found = decompress(kind, &packed[..length], u64::MAX);
                prop_assert_eq!(found, Err(DecompressError::Truncated { kind }));
            }
            prop_assert_eq!(decompress_owned(kind, packed, size), Ok(content.clone()));
        }
    }

    #[test]
    fn garbage_is_refused_or_small(garbage in any::<Vec<u8>>(), damage in any::<prop::sample::Index>()) {
        for kind in Compression::ALL {
            if let Ok(content) = decompress(kind, &garbage, 1000) {
                prop_assert!(content.len() <= 1000);
            }
            let mut packed = compress(kind, b"Package: tide\n").expect("memory suffices for a test");
            let place = damage.index(packed.len());
            packed[place] ^= 0x55;
            let _ = decompress(kind, &packed, 1000);
        }
    }
}
