//! At which ages reminders are due. Whole days throughout, so that no reminder drifts with the hour of a run.
//!
//! The first reminder is due at [`Standing::first`]; the distance to the first then doubles (2, 4, 8, 16, 30 days on from
//! there, the last one cut to a month), and from there on one is due every 30 days.

/// Reminders go out at least this often, in days.
const MONTH: u64 = 30;

/// Whether an item was valid before the policies were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was: only policies or trials hold it.
    Valid,
    /// It was not: something is missing or wrong with the item itself.
    Invalid,
}

impl Standing {
    /// The age of the first reminder, in days.
    pub const fn first(self) -> u32 {
        match self {
            Self::Valid => 5,
            Self::Invalid => 1,
        }
    }
}

/// The age of the last reminder that was due at `age`; none before the first.
pub fn last_due(age: u32, standing: Standing) -> Option<u32> {
    let first = u64::from(standing.first());
    let late = u64::from(age).checked_sub(first)?;
    // The greatest power of two that is not above `late + 2`, less those 2: 0, 2, 6, 14, 30.
    let doubled = (1_u64 << (late + 2).ilog2()) - 2;
    let since_first = if doubled < MONTH { doubled } else { (late - MONTH) / MONTH * MONTH + MONTH };
    u32::try_from(first + since_first).ok()
}

/// The ages at which reminders are due, in their order and without end.
pub fn dues(standing: Standing) -> impl Iterator<Item = u32> {
    let first = standing.first();
    let doubling = (1..=4).map(move |power| first + (1 << power) - 2);
    let monthly = (1..).map(move |month: u32| first.saturating_add(month.saturating_mul(30)));
    doubling.chain(monthly)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The ages at which mails go out if an item is judged every hour of these days.
    fn mailed(days: u32, standing: impl Fn(u32) -> Standing) -> Vec<u32> {
        let mut sent = Vec::new();
        for hour in 0..days * 24 {
            let age = hour / 24;
            let last = sent.last().copied().unwrap_or(0);
            sent.extend(last_due(age, standing(age)).filter(|&due| last < due));
        }
        sent
    }

    /// The last due age, found by counting up.
    fn slow(age: u32, standing: Standing) -> Option<u32> {
        let (mut due, mut step) = (standing.first(), 2);
        if age < due {
            return None;
        }
        loop {
            let next = due + step;
            if age < next {
                return Some(due);
            }
            due = next;
            step = if step < 16 { step * 2 } else { 30 };
        }
    }

    #[test]
    fn reminders_thin_out_to_one_a_month() {
        assert_eq!(mailed(200, |_| Standing::Invalid), [1, 3, 7, 15, 31, 61, 91, 121, 151, 181]);
        assert_eq!(mailed(200, |_| Standing::Valid), [5, 7, 11, 19, 35, 65, 95, 125, 155, 185]);
    }

    #[test]
    fn an_item_that_turns_valid_early_changes_schedules() {
        let turns = |at: u32| move |age: u32| if age < at { Standing::Invalid } else { Standing::Valid };
        assert_eq!(mailed(70, turns(4)), [1, 3, 5, 7, 11, 19, 35, 65]);
        assert_eq!(mailed(70, turns(5)), [1, 3, 5, 7, 11, 19, 35, 65]);
        assert_eq!(mailed(70, turns(16)), [1, 3, 7, 15, 19, 35, 65]);
    }

    #[test]
    fn the_greatest_ages_do_not_overflow() {
        for standing in [Standing::Valid, Standing::Invalid] {
            let due = last_due(u32::MAX, standing).unwrap();
            assert!(u32::MAX - due < 30, "{due}");
        }
        assert_eq!(last_due(0, Standing::Invalid), None);
        assert_eq!(last_due(4, Standing::Valid), None);
    }

    proptest! {
        #[test]
        fn the_formula_says_what_counting_says(age in 0_u32..20_000, valid: bool) {
            let standing = if valid { Standing::Valid } else { Standing::Invalid };
            prop_assert_eq!(last_due(age, standing), slow(age, standing));
            let listed = dues(standing).take_while(|&due| due <= age).last();
            prop_assert_eq!(last_due(age, standing), listed);
        }

        /// However often an item turns, mails go out at ages of the two schedules, each later than the one before.
        #[test]
        fn turning_back_and_forth_stays_bearable(turns in proptest::collection::vec(any::<bool>(), 400)) {
            let standing = |age: u32| if turns[age as usize] { Standing::Valid } else { Standing::Invalid };
            let sent = mailed(400, standing);
            prop_assert!(sent.is_sorted_by(|a, b| a < b));
            for due in &sent {
                let on = |standing| dues(standing).take_while(|it| it <= due).any(|it| it == *due);
                prop_assert!(on(Standing::Valid) || on(Standing::Invalid), "{due}");
            }
            prop_assert!(sent.len() <= 9 + 2 * 14, "{sent:?}");
        }
    }
}
