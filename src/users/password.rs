//! Passwords: argon2id with a salt of their own, and what a new one must be like.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::web::Problem;

/// The shortest password, in characters.
pub const LENGTH_MIN: usize = 10;

/// The longest password, in bytes: longer ones only burn time.
pub const LENGTH_MAX: usize = 256;

/// Memory in KiB and passes of argon2id, the second recommended setting of OWASP's cheat sheet (2023).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// A hash that belongs to no password: verified against for unknown log-ins, so that they take as long as known ones.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$YW54aW4gbm9ib2R5IQ$6pIPw6jXlbJ8jzGk0tYy1rJtQd3m1wq3a8kZ0gq1X0g";

fn hasher() -> Result<Argon2<'static>, Problem> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Refuses passwords that are too short, too long, or the login itself.
pub fn check(login: &str, password: &str) -> Result<(), Problem> {
    let weak = password.chars().count() < LENGTH_MIN || password.len() > LENGTH_MAX || password.contains(login);
    if weak {
        let problem = Problem::invalid(
            format!("密码至少 {LENGTH_MIN} 个字符，且不能包含登录名。"),
            format!("A password has at least {LENGTH_MIN} characters and does not contain the login."),
        );
        return Err(problem.at("password", "bad_format"));
    }
    Ok(())
}

/// Hashes a password with this salt.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Problem> {
    let failed = |error: argon2::password_hash::Error| Problem::internal(&error.to_string());
    let salt = SaltString::encode_b64(salt).map_err(failed)?;
    Ok(hasher()?.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

/// Whether the password is the one that was hashed.
pub fn matches(password: &str, stored: &str) -> bool {
    let (Ok(parsed), Ok(hasher)) = (PasswordHash::new(stored), hasher()) else { return false };
    password.len() <= LENGTH_MAX && hasher.verify_password(password.as_bytes(), &parsed).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_matches() {
        let stored = hash("correct horse 01", &[7; 16]).unwrap();
        assert!(matches("correct horse 01", &stored));
        assert!(!matches("correct horse 02", &stored));
        assert!(!matches("", NOBODY));
        assert!(PasswordHash::new(NOBODY).is_ok(), "the decoy must cost as much as a real one");
    }

    #[test]
    fn weak_passwords_are_refused() {
        assert!(check("liwei", "short").is_err());
        assert!(check("liwei", "liwei-12345678").is_err());
        assert!(check("liwei", "墙上的钟走得很慢啊真的").is_ok());
    }
}
