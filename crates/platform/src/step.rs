//! Named points between two effects on the world, at which a test can end or fail the program.
//!
//! Whoever writes, renames, publishes or sends has a point before and after it. Without the cargo feature `steps` they are
//! nothing; with it they are inert until the environment variable `TIDEGATE_STEPS` switches one on:
//!
//! - `record:FILE` appends the name of every point that is reached, a line each;
//! - `kill:NAME#N` ends the process by SIGKILL where `NAME` is reached for the N-th time;
//! - `error:NAME#N` fails the effect there.
//!
//! A test records a run once and then repeats it for every line, so that a new point cannot be forgotten.

use std::io;

/// Says that a point is reached. The name is `<unit>.<point>`, such as `mail.send.before`.
///
/// # Errors
/// Only where a test asked for it.
#[cfg(not(feature = "steps"))]
#[inline]
pub fn reach(_name: &str) -> io::Result<()> {
    Ok(())
}

/// Says that a point is reached. The name is `<unit>.<point>`, such as `mail.send.before`.
///
/// # Errors
/// Only where a test asked for it.
#[cfg(feature = "steps")]
pub fn reach(name: &str) -> io::Result<()> {
    switched::reach(name)
}

#[cfg(feature = "steps")]
mod switched {
    use std::collections::BTreeMap;
    use std::io::{self, Write as _};
    use std::sync::{LazyLock, Mutex, PoisonError};

    enum Order {
        Nothing,
        Record(String),
        Kill(String, u32),
        Error(String, u32),
    }

    static ORDER: LazyLock<Order> = LazyLock::new(|| {
        let order = std::env::var("TIDEGATE_STEPS").unwrap_or_default();
        let (verb, rest) = order.split_once(':').unwrap_or_default();
        let (name, count) = rest.rsplit_once('#').unwrap_or((rest, "1"));
        let (name, count) = (name.to_owned(), count.parse().unwrap_or(1));
        match verb {
            "record" => Order::Record(rest.to_owned()),
            "kill" => Order::Kill(name, count),
            "error" => Order::Error(name, count),
            _ => Order::Nothing,
        }
    });

    static REACHED: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

    pub(super) fn reach(name: &str) -> io::Result<()> {
        let nth = || {
            let mut reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner);
            let count = reached.entry(name.to_owned()).or_insert(0);
            *count += 1;
            *count
        };
        match &*ORDER {
            Order::Record(file) => {
                let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file)?;
                writeln!(file, "{name}")
            }
            Order::Kill(at, count) if at == name && nth() == *count => {
                let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
                Ok(())
            }
            Order::Error(at, count) if at == name && nth() == *count => {
                Err(io::Error::other(format!("the step {name} was told to fail")))
            }
            Order::Nothing | Order::Kill(..) | Order::Error(..) => Ok(()),
        }
    }
}
