//! What the gate hears from other machines and tells them: test results and requests, addresses and mails.
//!
//! Apart from deciding. Before the excuses are made, [`crate::session`] gets everything that policies need as facts; after
//! they are made, what the policies ask for (test requests, letters) is carried out from here. All of it has time limits,
//! bounded sizes and bounded retries, and a failure means *unknown*, never *absent*. Each effect has a named point before
//! and after it (`tidegate_platform::step`).
