//! The fields of trainings, credentials, good and bad records and blacklists.
//!
//! Of these the platform itself takes trainings alone and answers questions about the others; that somebody may tell them, and correct
//! what was told, is ours. Their fields are those of the platform's data standard of 2018, with the sender's number of each record, which
//! is its key, and whose word it is. Deliberately absent: the values of their code tables, which are the profile's.

use super::methods::{Field, Kind, Need, Shape};
use super::shapes::{CORP_CODE, CORP_NAME, ID_NUMBER, ID_TYPE, LONG, NAME, PROJECT_CODE, WORD, listed, may, must, root};

/// Records of one message.
const RECORDS_MAX: usize = 20;
/// People of one training.
const TRAINED_MAX: usize = 200;

/// The sender's own number of a record.
const RECORD_NUMBER: Field = must("recordNum", Kind::Text(100));
/// From which day a record no longer stands.
const REVOKED_ON: Field = may("revokeDate", Kind::PastDay);
/// Why.
const REVOKED_WHY: Field = Field { key: "revokeReason", kind: LONG, need: Need::With(&["revokeDate"]) };

static TRAINED: [Field; 5] =
    [ID_TYPE, ID_NUMBER, may("teamSysNo", Kind::Count), may("isPass", Kind::Flag), may("trainingScore", Kind::Decimal)];

pub(super) static TRAINING: Shape = root(&[
    PROJECT_CODE,
    must("trainingDate", Kind::PastDay),
    must("trainingDuration", Kind::Decimal),
    must("trainingName", NAME),
    must("trainingTypeCode", Kind::Code("trainingType")),
    may("trainer", WORD),
    may("trainingOrg", NAME),
    may("trainingAddress", LONG),
    may("description", LONG),
    may("attachments", Kind::Files(10)),
    may("workers", Kind::Items(&TRAINED, TRAINED_MAX)),
]);

pub(super) static TRAINING_QUERY: Shape = root(&[
    PROJECT_CODE,
    may("pageIndex", Kind::Count),
    may("pageSize", Kind::Count),
    may("trainingDate", Kind::Day),
    may("trainingTypeCode", Kind::Code("trainingType")),
    may("typeCode", Kind::Code("trainingType")),
]);

/// The shapes of one kind of record: of workers and of companies, told first and changed.
macro_rules! records {
    (
        $worker:ident, $worker_change:ident, $corp:ident, $corp_change:ident
        must { $($must:literal: $must_kind:expr),* $(,)? } may { $($may:literal: $may_kind:expr),* $(,)? }
    ) => {
        pub(super) static $worker: Shape = listed(
            &[PROJECT_CODE, CORP_CODE, CORP_NAME],
            "recordList",
            RECORDS_MAX,
            &[ID_TYPE, ID_NUMBER, RECORD_NUMBER, $(must($must, $must_kind),)* $(may($may, $may_kind),)*],
        );
        pub(super) static $worker_change: Shape = listed(
            &[PROJECT_CODE, CORP_CODE, CORP_NAME],
            "recordList",
            RECORDS_MAX,
            &[
                ID_TYPE, ID_NUMBER, RECORD_NUMBER, $(may($must, $must_kind),)* $(may($may, $may_kind),)* REVOKED_ON, REVOKED_WHY,
            ],
        );
        pub(super) static $corp: Shape = listed(
            &[PROJECT_CODE],
            "recordList",
            RECORDS_MAX,
            &[CORP_CODE, CORP_NAME, RECORD_NUMBER, $(must($must, $must_kind),)* $(may($may, $may_kind),)*],
        );
        pub(super) static $corp_change: Shape = listed(
            &[PROJECT_CODE],
            "recordList",
            RECORDS_MAX,
            &[
                CORP_CODE, CORP_NAME, RECORD_NUMBER, $(may($must, $must_kind),)* $(may($may, $may_kind),)* REVOKED_ON,
                REVOKED_WHY,
            ],
        );
    };
}

records! {
    WORKER_CREDENTIAL, WORKER_CREDENTIAL_CHANGE, CORP_CREDENTIAL, CORP_CREDENTIAL_CHANGE
    must {
        "certificationName": NAME,
        "certificationTypeCode": Kind::Code("certificationType"),
        "issueBy": NAME,
    }
    may {
        "certificationNum": Kind::Text(100),
        "certificationLevelType": Kind::Code("certificationLevel"),
        "issueDate": Kind::PastDay,
        "validBeginDate": Kind::Day,
        "validEndDate": Kind::Day,
        "status": Kind::Code("certificationStatus"),
    }
}

records! {
    WORKER_BAD_RECORD, WORKER_BAD_RECORD_CHANGE, CORP_BAD_RECORD, CORP_BAD_RECORD_CHANGE
    must {
        "badRecordTypeCode": Kind::Code("badRecordType"),
        "badRecordLevelType": Kind::Code("badRecordLevel"),
        "occurrenceDate": Kind::PastDay,
        "reason": LONG,
        "source": NAME,
    }
    may { "sourceNum": Kind::Text(100), "processResult": LONG }
}

records! {
    WORKER_GOOD_RECORD, WORKER_GOOD_RECORD_CHANGE, CORP_GOOD_RECORD, CORP_GOOD_RECORD_CHANGE
    must {
        "goodRecordTypeCode": Kind::Code("goodRecordType"),
        "goodRecordLevelType": Kind::Code("goodRecordLevel"),
        "occurrenceDate": Kind::PastDay,
        "details": LONG,
        "source": NAME,
    }
    may { "sourceNum": Kind::Text(100) }
}

records! {
    WORKER_BLACK_LIST, WORKER_BLACK_LIST_CHANGE, CORP_BLACK_LIST, CORP_BLACK_LIST_CHANGE
    must { "blackReason": LONG, "occurrenceDate": Kind::PastDay, "source": NAME, "sourceNum": Kind::Text(100) }
    may { "endDate": Kind::Day, "note": LONG }
}

#[cfg(test)]
mod tests {
    use crate::wire::openapi::json::Json;
    use crate::wire::openapi::methods::{Conduct, Method, Whose};
    use crate::wire::openapi::reading::missing;
    use crate::wire::openapi::tests::{object, read, texts, whole, with, without, written};

    #[test]
    fn a_method_tells_whose_conduct_it_is_about() {
        assert_eq!(Method::WorkerBlackListUpdate.conduct(), Some((Whose::Worker, Conduct::BlackList)));
        assert_eq!(Method::CorpCredentialQuery.conduct(), Some((Whose::Corp, Conduct::Credential)));
        assert_eq!(Method::EntryExitAdd.conduct(), None);
        assert_eq!(Method::ALL.iter().filter(|method| method.conduct().is_some()).count(), 24);
    }

    #[test]
    fn a_blacklist_has_a_source_and_what_is_taken_back_a_reason() {
        let shape = Method::WorkerBlackListAdd.shape();
        let list = shape.list.unwrap();
        let data = |item: Json| with(&whole(shape), list.key, Json::List(vec![item]));
        for key in ["source", "sourceNum"] {
            let told = texts(&missing(&data(without(&object(list.fields), key)), shape));
            assert_eq!(told, [format!("[recordList][0][{key}]不能为空!")]);
        }
        let shape = Method::WorkerBlackListUpdate.shape();
        let list = shape.list.unwrap();
        let data = |item: Json| with(&whole(shape), list.key, Json::List(vec![item]));
        let bare = without(&object(list.fields), "revokeReason");
        assert_eq!(texts(&missing(&data(bare.clone()), shape)), ["[recordList][0][revokeReason]不能为空!"]);
        assert_eq!(missing(&data(without(&without(&bare, "revokeDate"), "source")), shape), [], "a change names what changes");
    }

    #[test]
    fn a_training_names_whoever_took_part_and_may_name_nobody() {
        let shape = Method::TrainingAdd.shape();
        let data = whole(shape);
        assert_eq!(missing(&without(&data, "workers"), shape), []);
        let nameless = Json::List(vec![Json::Object(vec![("idCardType".into(), Json::Text("01".into()))])]);
        assert_eq!(texts(&missing(&with(&data, "workers", nameless), shape)), ["[workers][0][idCardNumber]不能为空!"]);
        let (message, faults) =
            read(Method::TrainingAdd, &written(&with(&data, "trainingDate", Json::Text("2026-11-22".into()))));
        assert_eq!(texts(&faults), ["[trainingDate]不能大于当前日期!"]);
        assert_eq!(message.root.below("workers")[0].word("idCardNumber"), "11999919900101032X");
        let eleven = with(&data, "attachments", Json::List(vec![Json::Null; 11]));
        assert_eq!(texts(&missing(&eleven, shape)), ["[attachments]数量不能超过10!"]);
    }
}
