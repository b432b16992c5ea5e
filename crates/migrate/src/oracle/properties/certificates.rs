//! The checker accepts every certificate of the engine, and none that was tampered with (scenario 35).

use fixedbitset::FixedBitSet;
use proptest::prelude::*;

use crate::check::{self, CheckError};
use crate::distribution::Distribution;
use crate::installability::Installability;
use crate::model::{ArchId, BinaryId};
use crate::oracle::brute_force::{Port, Set, bit, members};
use crate::oracle::generate::{cases, tangle};
use crate::oracle::notation::Archive;
use crate::universe::Universe;

const AMD64: ArchId = ArchId(0);

/// The id of a binary of an archive with one architecture.
pub(super) fn id_of(distribution: &Distribution, universe: &Universe, name: &str, version: &str) -> BinaryId {
    let name = distribution.find_name(name).expect("the archive has that name");
    let same = |id: &BinaryId| distribution.text(distribution.binary(AMD64, *id).version) == version;
    universe.port(AMD64).named(name).find(same).expect("the archive has that version")
}

/// Whether worlds prove what a state claims, by brute force.
fn proves(port: &Port, ids: &[BinaryId], state: &Installability, worlds: &[FixedBitSet]) -> bool {
    let set = |holds: &dyn Fn(BinaryId) -> bool| -> Set { (0..ids.len()).filter(|&n| holds(ids[n])).map(bit).sum() };
    let held = set(&|id| state.is_present(id));
    let essential = if state.is_without_essential() { 0 } else { port.essential & held };
    let worlds: Vec<Set> = worlds.iter().map(|world| set(&|id| world.contains(id.index()))).collect();
    let alive = set(&|id| state.is_alive(id));
    let whole = |&world: &Set| world == 0 || (port.is_closed(held, world) && essential & !world == 0);
    worlds.iter().all(whole) && worlds.iter().fold(0, |all, world| all | world) == alive
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn a_changed_certificate_is_refused_unless_it_is_another_one(
        archive in tangle(),
        start in any::<u16>(),
        (world, member) in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let distribution = archive.load();
        let universe = Universe::build(&distribution);
        let port = Port::new(&archive, "amd64");
        let packages = port.packages.iter();
        let ids: Vec<BinaryId> =
            packages.map(|package| id_of(&distribution, &universe, &package.name, &package.version)).collect();
        let held = members(Set::from(start) & port.every()).map(|number| ids[number]);
        let state = Installability::new(universe.port(AMD64), held);
        prop_assert_eq!(check::verify_state(&distribution, &universe, &state, AMD64), Ok(()));
        let mut worlds = state.worlds().to_vec();
        if worlds.is_empty() {
            return Ok(());
        }
        worlds[world.index(state.worlds().len())].toggle(ids[member.index(ids.len())].index());
        let checked = check::verify_worlds(&distribution, &universe, &state, AMD64, &worlds);
        prop_assert_eq!(checked.is_ok(), proves(&port, &ids, &state, &worlds), "{:?}", checked);
    }
}

/// Changes the only world of an archive's target and returns what the checker says.
fn tampered(notation: &str, changes: &[&str]) -> String {
    let archive = Archive::parse(notation);
    let distribution = archive.load();
    let universe = Universe::build(&distribution);
    let target = crate::target::Target::new(&distribution, &universe);
    assert_eq!(check::verify(&distribution, &universe, &target, AMD64), Ok(()));
    let state = target.installability(AMD64);
    let mut worlds = state.worlds().to_vec();
    for change in changes {
        let (name, version) = change.split_once(' ').expect("a change is a name and a version");
        worlds[0].toggle(id_of(&distribution, &universe, name, version).index());
    }
    let error: Result<(), CheckError> = check::verify_worlds(&distribution, &universe, state, AMD64, &worlds);
    error.expect_err("the certificate is wrong").to_string()
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let archive = "
        target base 1: essential
        target a 1: Depends b (>= 1), b (<< 3), c | d
        target b 2
        target c 1
        target e 1: Depends nothing
        primary b 1
        ";
    for (changes, sentence) in [
        (&["b 2"][..], "world 0 holds a 1, and nothing that satisfies its relation `b (>= 1), b (<< 3)`"),
        (&["c 1"], "world 0 holds a 1, and nothing that satisfies its relation `c | d`"),
        (&["a 1"], "a 1 counts as installable and is in no world"),
        (&["base 1"], "world 0 lacks base 1, which is essential"),
        (&["b 1"], "world 0 holds b 1, which the target does not"),
        (&["e 1"], "world 0 holds e 1, and nothing that satisfies its relation `nothing`"),
    ] {
        assert_eq!(tampered(archive, changes), sentence);
    }
    let never = "
        target a 1: Depends b, c
        target b 1: Breaks c
        target c 1
        target d 1
        ";
    assert!(tampered(never, &["a 1", "c 1"]).starts_with("world 0 holds a 1"), "{}", tampered(never, &["a 1", "c 1"]));
    let exclusive = "
        target a 1: Breaks b
        target b 1
        ";
    assert_eq!(tampered(exclusive, &["b 1"]), "world 0 holds a 1 beside b 1, with which it conflicts");
}
