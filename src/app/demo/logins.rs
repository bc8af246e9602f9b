//! One log-in for each role. Passwords follow from the folder's key, so that every start prints the same and no other folder has them.

use super::papers;
use super::story::Stage;
use crate::store::Vault;
use crate::users::{actions, password};
use crate::web::{Grant, Problem, Role, ScopeOn};

/// A log-in of the demonstration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Role.
    pub role: Role,
    /// Login.
    pub login: &'static str,
    /// Password.
    pub password: String,
}

/// Role, login, name.
const LOGINS: &[(Role, &str, &str)] = &[
    (Role::Administrator, "admin", "系统管理员"),
    (Role::LabourManager, "manager", "砺川建设 劳资专管员"),
    (Role::Subcontractor, "subcontractor", "众匠劳务 班组负责人"),
    (Role::Owner, "owner", "青禾置业 项目经理"),
    (Role::LabourAuthority, "labour", "人社局 监察员"),
    (Role::IndustryAuthority, "industry", "住建局 经办人"),
    (Role::GridOfficer, "grid", "网格员"),
    (Role::Bank, "bank", "演示商业银行 柜员"),
];

/// Characters that are not taken for one another.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";

fn password_of(vault: &Vault, login: &str) -> String {
    let bytes = vault.derived(&format!("demo-password/1 {login}"));
    let letter = |byte: &u8| ALPHABET.get(usize::from(*byte) % ALPHABET.len()).copied().map_or('x', char::from);
    let groups: Vec<String> = bytes.chunks(4).take(4).map(|four| four.iter().map(letter).collect()).collect();
    groups.join("-")
}

/// The log-ins of a folder.
pub fn all(vault: &Vault) -> Vec<Login> {
    LOGINS.iter().map(|(role, login, _)| Login { role: *role, login, password: password_of(vault, login) }).collect()
}

/// Adds the users; companies are registered already.
pub fn add(stage: &mut Stage<'_, '_>) -> Result<(), Problem> {
    let city = stage.city;
    let yongkang = "330784".parse().map_err(|error| Problem::unreadable("region", &error))?;
    for (role, login, name) in LOGINS {
        let on = match role {
            Role::LabourManager => ScopeOn::Organisation(papers::party(stage, city.contractors.first())?),
            Role::Subcontractor => ScopeOn::Organisation(papers::party(stage, city.subcontractors.first())?),
            Role::Owner => ScopeOn::Organisation(papers::party(stage, city.owners.first())?),
            Role::LabourAuthority | Role::IndustryAuthority | Role::Bank => ScopeOn::Region(yongkang),
            Role::GridOfficer => ScopeOn::Grid(yongkang),
            Role::Administrator | Role::Device => ScopeOn::Everything,
        };
        let ctx = stage.ctx();
        let salt = ctx.vault().derived(&format!("demo-salt/1 {login}"));
        let salt: [u8; 16] = salt.first_chunk().copied().unwrap_or_default();
        let hash = password::hash(&password_of(ctx.vault(), login), &salt)?;
        let user = actions::add_user(stage.tx, &ctx, login, name, &hash, false)?;
        actions::grant(stage.tx, &ctx, user.id, Grant { role: *role, on }, None)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn passwords_follow_from_the_key_and_hold() {
        let vault = |key| Vault::new([key; 32], Arc::new(crate::app::clock::SystemEntropy));
        assert_eq!(all(&vault(1)), all(&vault(1)));
        for (one, other) in all(&vault(1)).iter().zip(all(&vault(2))) {
            assert_ne!(one.password, other.password);
            assert!(password::check(one.login, &one.password).is_ok(), "{}", one.login);
        }
    }
}
