//! The `gate` question of law cases: facts without sources, with the two defaults that cases have and the service has not.

use serde_json::Value as Json;

use crate::base::{Day, RegionCode};
use crate::law::LawBook;
use crate::law::facts::Fact;
use crate::law::questions::given::{Given, Refusal};
use crate::law::questions::json;

use super::{Gate, GateFacts, GateQuestion, Policy, Verdict, decide};

/// The gate and facts of a case.
#[derive(Debug, Clone)]
pub(in crate::law) struct GateCase {
    gate: Option<Gate>,
    facts: GateFacts,
    policy: Policy,
}

fn fact<T>(value: Option<T>) -> Fact<T> {
    value.map_or_else(|| Fact::not_known("applicant"), |value| Fact::known(value, "case"))
}

impl GateCase {
    pub(in crate::law) fn read(given: &mut Given<'_>) -> Result<Self, Refusal> {
        let gate = given.choice("gate")?;
        let mut policy = Policy::default();
        if let Some(table) = given.table("policy")? {
            let mut inner = Given::new(table);
            policy.permit_gate = inner.truth("permit_gate")?.unwrap_or(false);
            policy.completion_gate = inner.truth("completion_gate")?.unwrap_or(false);
            inner.finish()?;
        }
        let facts = GateFacts {
            funds_commitment: fact(given.truth("funds_commitment")?),
            arrears: fact(given.truth("arrears")?),
            open_cases: fact(given.count("open_cases")?),
            pay_dispute_open: fact(given.truth("pay_dispute_open")?),
            publicity_day: fact(given.count("publicity_day")?),
            owner_overdue: fact(given.truth("owner_overdue")?),
            owner_overdue_led_to_arrears: fact(given.truth("owner_overdue_led_to_arrears")?),
            payment_bond_valid: fact(given.truth("payment_bond_valid")?),
            government_funded: fact(given.truth("government_funded")?),
            price_audited: fact(given.truth("price_audited")?),
            settled: fact(given.truth("settled")?),
            accepted_on: fact(given.day("accepted_on")?),
            work_finished: fact(Some(given.truth("work_finished")?.unwrap_or(true))),
            promise_given: fact(Some(given.truth("promise_given")?.unwrap_or(true))),
        };
        Ok(GateCase { gate, facts, policy })
    }

    pub(in crate::law) fn answer(self, book: &LawBook, region: RegionCode, as_of: Day) -> Result<Json, Refusal> {
        let Some(gate) = self.gate else {
            return Ok(serde_json::json!({ "unknown": true, "needs": ["gate"], "verdict": "unknown", "status": "in_force" }));
        };
        let question = GateQuestion { gate, region, as_of, facts: self.facts, policy: self.policy, detail: Vec::new() };
        let decision = decide(book, &question);
        let mut answer = json(&decision)?;
        if let Some(keys) = answer.as_object_mut() {
            keys.insert("unknown".to_owned(), Json::Bool(decision.verdict == Verdict::Unknown));
        }
        Ok(answer)
    }
}
