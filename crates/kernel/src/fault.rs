//! The three classes of errors, which decide how each is answered.
//!
//! What users can mend, what is away, and what is our fault are answered differently everywhere: by other HTTP classes
//! and by other exit codes. An error type says its class in one place instead of at each of its callers.

/// Whose an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// The caller asked for what cannot be done, and can mend it.
    Mistake,
    /// What was asked is unknown for now: something is away. The same question may be answered later.
    Unavailable,
    /// Our own fault.
    Fault,
}

impl ErrorClass {
    /// The HTTP status where the error has none of its own.
    pub fn status(self) -> u16 {
        match self {
            Self::Mistake => 400,
            Self::Unavailable => 503,
            Self::Fault => 500,
        }
    }

    /// The exit code of a command that ends with it.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Mistake => 2,
            Self::Unavailable => 3,
            Self::Fault => 4,
        }
    }
}

/// An error that knows whose it is.
pub trait Classified: std::error::Error {
    /// Whose it is.
    fn class(&self) -> ErrorClass;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_own_answers() {
        let answers = [ErrorClass::Mistake, ErrorClass::Unavailable, ErrorClass::Fault]
            .map(|class| (class.status(), class.exit_code()));
        assert_eq!(answers, [(400, 2), (503, 3), (500, 4)]);
    }
}
