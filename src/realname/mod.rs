//! The national real-name platform's protocol as a server: contractors' systems and gates upload, the registries change.
//!
//! A request is checked, kept in the inbox and answered; a job applies it, whole or not at all, through the actions of the slices below,
//! so that what was uploaded is on the same roll, crews, gates and sheets as what people enter. What the registries have no place for is
//! kept beside them, encrypted, with the keys of the protocol: trainings, credentials, good and bad records and blacklists among it, which
//! are told facts with a source and decide nothing. Deliberately absent: the wire form, which `wire::openapi` reads.

pub mod again;
pub mod applying;
pub mod apps;
pub mod codes;
pub mod conduct;
pub mod http;
pub mod keeping;
pub mod queries;
pub mod receiving;
pub mod table;
mod way;

use crate::base::words;

words! {
    /// What became of a request, as the protocol says it.
    pub enum RequestState, "state of a request" {
        /// Waits for its job.
        Waiting = "0",
        /// Nothing of it was applied.
        Failed = "10",
        /// All of it was applied.
        Done = "20",
    }
}
crate::store::types::word_column!(RequestState);

words! {
    /// What a record beside the registries is about.
    pub enum RecordKind, "kind of record" {
        /// A project's further fields.
        Project = "project",
        /// A company on a project.
        SubContractor = "subcontractor",
        /// A crew with its number.
        Team = "team",
        /// A worker who was announced.
        Worker = "worker",
        /// A labour contract.
        Contract = "contract",
        /// A training on a project.
        Training = "training",
        /// Somebody who took part in one; its number is the training's id.
        Trained = "trained",
        /// A worker's certificate; the number of this and of the next three is the company's id.
        WorkerCredential = "worker_credential",
        /// A bad record of a worker.
        WorkerBadRecord = "worker_bad_record",
        /// A good record of a worker.
        WorkerGoodRecord = "worker_good_record",
        /// A worker's entry of a blacklist.
        WorkerBlackList = "worker_black_list",
        /// A company's certificate.
        CorpCredential = "corp_credential",
        /// A bad record of a company.
        CorpBadRecord = "corp_bad_record",
        /// A good record of a company.
        CorpGoodRecord = "corp_good_record",
        /// A company's entry of a blacklist.
        CorpBlackList = "corp_black_list",
    }
}
crate::store::types::word_column!(RecordKind);

/// The feed of the inbox.
pub const FEED: &str = "openapi";
/// The reader and its version, as the inbox notes it.
pub const PARSER: &str = "openapi/1";
/// The job that applies a request.
pub const JOB: &str = "realname_apply";
/// Days for which the result of a request is kept.
pub const RESULT_DAYS: i64 = 90;
/// Days for which counts and errors of apps are kept.
pub const COUNT_DAYS: i64 = 90;
/// Seconds for which a nonce is kept: longer than any tolerance, in local time or UTC.
pub const NONCE_SECONDS: i64 = 2 * 86_400;
/// The first number of a crew.
pub const TEAM_NUMBER_BASE: i64 = 1_500_000_000;
/// Errors of an app that are kept; the oldest make room.
pub const ERRORS_MAX: i64 = 200;
/// The longest text of an error that is kept, in characters.
pub const ERROR_MAX: usize = 500;
