//! Follows links from a subject, breadth first and a level at a time.

use std::collections::BTreeSet;

use tidegate_kernel::Subject;

use super::{Direction, Ends, Link, Trail};
use crate::store::{Reader, Result};

/// So many subjects one answer has.
pub const MOST: usize = 10_000;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// The subjects with their distance in links, the nearest first; without the one that was asked for.
    pub nodes: Vec<(Subject, u32)>,
    /// The links between them, and between them and the one that was asked for.
    pub links: Vec<Link>,
    /// Whether there is more than was followed.
    pub truncated: bool,
}

impl Trail {
    /// Everything that the subject became, or that became it, in so many links and at most so many subjects. Both
    /// directions are those from the subject: what became the same commit as another pull request is not followed.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn walk(
        &self,
        reader: &mut Reader,
        from: &Subject,
        direction: Direction,
        depth: u32,
        most: usize,
    ) -> Result<Walk> {
        let mut walk = Walk::default();
        let mut seen = BTreeSet::from([from.clone()]);
        let start = |other| if direction == other { Vec::new() } else { vec![from.clone()] };
        let mut ends = Ends { begin: start(Direction::Backward), end: start(Direction::Forward) };
        for distance in 1..=depth {
            let links = self.links(reader, &ends, rows(most)).await?;
            let cut = links.len() > most;
            ends = walk.follow(links, &ends, distance, &mut seen);
            if cut || walk.nodes.len() > most {
                walk.truncated = true;
                walk.nodes.truncate(most);
                return Ok(walk);
            }
            if ends == Ends::default() {
                break;
            }
            // whoever asked for so many links has to know that there are more
            walk.truncated |= distance == depth;
        }
        Ok(walk)
    }
}

fn rows(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1)
}

impl Walk {
    /// Takes these links, and says where they lead on to.
    fn follow(&mut self, links: Vec<Link>, from: &Ends, distance: u32, seen: &mut BTreeSet<Subject>) -> Ends {
        let begun: BTreeSet<&Subject> = from.begin.iter().collect();
        let mut next = Ends::default();
        for link in links {
            let (end, further) =
                if begun.contains(&link.from) { (&link.to, &mut next.begin) } else { (&link.from, &mut next.end) };
            if seen.insert(end.clone()) {
                self.nodes.push((end.clone(), distance));
                further.push(end.clone());
            }
            self.links.push(link);
        }
        next
    }
}
