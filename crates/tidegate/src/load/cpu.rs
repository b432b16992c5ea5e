//! CPU time of processes of this machine and of their children, as the kernel accounts for it.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// The kernel tells times to programs in hundredths of a second, on every architecture.
const TICK: Duration = Duration::from_millis(10);

/// What the kernel says of one process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    /// Its own ticks, and those of its children that have ended.
    ticks: u64,
}

/// The CPU time that these processes used so far, with all their children: a server of databases has one for each
/// connection. Nothing where there is no such process.
pub(super) fn used(pids: &[u32]) -> Option<Duration> {
    let all: BTreeMap<u32, Stat> = fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| of(&entry)).collect();
    let belongs = |mut pid: u32| {
        // parents are older, but a damaged list must not hold us
        for _ in 0..all.len() {
            if pids.contains(&pid) {
                return true;
            }
            match all.get(&pid) {
                Some(stat) if stat.parent != 0 => pid = stat.parent,
                Some(_) | None => return false,
            }
        }
        false
    };
    if !pids.iter().all(|pid| all.contains_key(pid)) {
        return None;
    }
    let ticks: u64 = all.iter().filter(|(pid, _)| belongs(**pid)).map(|(_, stat)| stat.ticks).sum();
    Some(TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX)))
}

fn of(entry: &fs::DirEntry) -> Option<(u32, Stat)> {
    let pid = entry.file_name().to_str()?.parse().ok()?;
    Some((pid, stat(&fs::read_to_string(entry.path().join("stat")).ok()?)?))
}

/// The line of `/proc/PID/stat`. The second field is a name in brackets, which may hold anything.
fn stat(line: &str) -> Option<Stat> {
    let fields: Vec<&str> = line[line.rfind(')')? + 1..].split_ascii_whitespace().collect();
    // the state is the third field of the line and the first here
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let ticks = (14..=17).map(number).sum::<Option<u64>>()?;
    Some(Stat { parent: u32::try_from(number(4)?).ok()?, ticks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_behind_any_name() {
        let line = "42 (a) (b c) S 7 42 42 0 -1 4194560 100 0 0 0 11 22 33 44 20 0 1 0 5 6 7";
        assert_eq!(stat(line), Some(Stat { parent: 7, ticks: 110 }));
        assert_eq!(stat("42 broken"), None);
    }

    #[test]
    fn this_process_has_used_some() {
        assert!(used(&[std::process::id()]).is_some());
        assert_eq!(used(&[u32::MAX]), None);
    }
}
