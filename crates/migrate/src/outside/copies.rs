//! Whence sources were copied, by Launchpad. Each version is asked for once; what is learnt is kept in `SourcePPA`.

use super::launchpad::Launchpad;
use super::web::Services;
use crate::compat::britney::config::Config;
use crate::policy::source_ppa;
use crate::session::Session;

/// Asks for every source on its way of which it is not known, and says so if it remains unknown. Such a source moves by
/// itself, and is asked for again in the next run.
pub fn look(config: &Config, session: &mut Session) -> Option<String> {
    let Session { distribution, facts, rules, .. } = session;
    let unknown: Vec<(String, String)> = source_ppa::unknown(distribution, facts)
        .map(|(source, version)| (source.to_owned(), version.to_owned()))
        .collect();
    let launchpad = Launchpad::configured(&config.email, rules).filter(|_| !unknown.is_empty())?;
    let mut ask = || -> Result<(), (usize, String)> {
        let mut web = Services::new().map_err(|why| (0, why))?;
        for (done, (source, version)) in unknown.iter().enumerate() {
            let archive = launchpad.copied_from(&mut web, source, version).map_err(|why| (done, why))?;
            facts.source_ppas.insert(source, version, &archive);
        }
        Ok(())
    };
    let (done, why) = ask().err()?;
    let left = &unknown[done..];
    let (source, version) = &left[0];
    let others = if left.len() > 1 { format!(" and {} more", left.len() - 1) } else { String::new() };
    Some(format!("it is not known whence {source} {version}{others} came: {why}; asked again in the next run"))
}
