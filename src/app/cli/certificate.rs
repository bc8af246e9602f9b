//! `anxin certificate verify`: whether a certificate holds, by its text, the published keys and the clock alone.

use std::path::Path;

use super::files::bytes_of;
use super::{Verdict, say};
use crate::app::clock::SystemClock;
use crate::base::Clock;
use crate::gates::certificate::{Claims, KeySet, check};
use crate::store::StoreError;

pub fn verify(file: &Path, jwks: &Path) -> Result<Verdict, StoreError> {
    let keys: KeySet = serde_json::from_slice(&bytes_of(jwks)?)
        .map_err(|error| StoreError::Setup(format!("`{}` is no key set: {error} / 不是公布的密钥文件", jwks.display())))?;
    let text = String::from_utf8_lossy(&bytes_of(file)?).into_owned();
    match check(&text, &keys, SystemClock.now()) {
        Ok(claims) => {
            tell(&claims)?;
            say(&format!("valid: {} {} as of {}", claims.gate, claims.verdict, claims.as_of))?;
            Ok(Verdict::Holds)
        }
        Err(refused) => {
            let (zh, en) = refused.why();
            say(&format!("refused: {en} / {zh}"))?;
            Ok(Verdict::Fails)
        }
    }
}

fn tell(claims: &Claims) -> Result<(), StoreError> {
    if let Some(project) = &claims.project {
        say(&format!("project {} {}", project.code, project.name))?;
    }
    for party in &claims.parties {
        say(&format!("{} {} {}", party.role, party.name, party.uscc))?;
    }
    say(&format!("region {}, answer {}, law book {}", claims.region, claims.jti, claims.law_book))?;
    say(&format!("status {}", claims.status))
}
