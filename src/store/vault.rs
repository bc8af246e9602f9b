//! Field encryption, blind indexes and signing seeds, all from one master key.
//!
//! A project has a data key of its own, wrapped by the master key, so that its people's data can be shredded after retention by
//! deleting one row. Data that no project owns uses the key of owner `global`. Deliberately absent: where the master key comes from.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use aes_gcm::aead::{Aead, AeadInPlace, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use diesel::prelude::*;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::conn::AnyConn;
use super::{StoreError, journal, schema};
use crate::base::Moment;
use crate::base::id::ProjectId;

/// A source of random bytes; the operating system's in service, a seeded one in the simulation.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), StoreError>;
}

/// Whose data key encrypts a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A project's own data.
    Project(ProjectId),
    /// Persons, users, messages of unknown devices.
    Global,
    /// The key of blind indexes, kept here from the first rotation of the master key on; no field is sealed under it.
    BlindIndex,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Owner::Project(id) => id.fmt(f),
            Owner::Global => f.write_str("global"),
            Owner::BlindIndex => f.write_str("blind-index"),
        }
    }
}

type SecretKey = Zeroizing<[u8; 32]>;

/// Opens and seals fields.
#[derive(Clone)]
pub struct Vault {
    wrapping: SecretKey,
    indexing: SecretKey,
    master: SecretKey,
    entropy: Arc<dyn Entropy>,
    /// Unwrapped data keys by their wrapped bytes: a key whose row was rolled back is never found again.
    unwrapped: Arc<RwLock<HashMap<Vec<u8>, SecretKey>>>,
}

const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;
const INDEX_HEX_LEN: usize = 32;

impl Vault {
    /// A vault under a master key of 32 bytes.
    pub fn new(master: [u8; 32], entropy: Arc<dyn Entropy>) -> Self {
        let master = Zeroizing::new(master);
        let wrapping = derive(&master, "wrapping/1");
        let indexing = derive(&master, "blind-index/1");
        Self { wrapping, indexing, master, entropy, unwrapped: Arc::default() }
    }

    /// Whether the master key is the one that this database was written with.
    ///
    /// # Errors
    /// `Setup`, with what to do, when it is another one.
    pub fn check(&self, conn: &mut AnyConn) -> Result<(), StoreError> {
        self.data_key(conn, Owner::Global).map(drop).map_err(|error| match error {
            StoreError::Damaged(_) => StoreError::Setup(
                "the key file is not the one of this database: give the file that it was made with or last rotated to / \
                 密钥文件与数据库不符，请使用建库时或最近一次轮换后的密钥文件"
                    .to_owned(),
            ),
            other => other,
        })
    }

    /// The vault with the blind-index key that the database keeps; without one it stays derived from the master key.
    pub fn with_stored_index(mut self, conn: &mut AnyConn) -> Result<Self, StoreError> {
        let stored: i64 = schema::data_keys::table.find(Owner::BlindIndex.to_string()).count().get_result(conn)?;
        if stored > 0 {
            self.check(conn)?;
            self.indexing = self.data_key(conn, Owner::BlindIndex)?;
        }
        Ok(self)
    }

    /// Wraps every data key anew under another master key and keeps the blind-index key as one of them, so that people are still found
    /// by their numbers. Gives how many keys were wrapped.
    ///
    /// # Errors
    /// A key that does not open: nothing may be kept then.
    pub fn rewrap(&self, conn: &mut AnyConn, next: &Vault, now: Moment) -> Result<usize, StoreError> {
        let rows: Vec<(String, Vec<u8>)> = schema::data_keys::table
            .order(schema::data_keys::owner)
            .select((schema::data_keys::owner, schema::data_keys::wrapped))
            .load(conn)?;
        for (owner, wrapped) in &rows {
            let key = Zeroizing::new(decrypt(&self.wrapping, wrapped, owner.as_bytes())?);
            let again = next.encrypt(&next.wrapping, &key, owner.as_bytes())?;
            diesel::update(schema::data_keys::table.find(owner)).set(schema::data_keys::wrapped.eq(again)).execute(conn)?;
        }
        let name = Owner::BlindIndex.to_string();
        if rows.iter().any(|(owner, _)| *owner == name) {
            return Ok(rows.len());
        }
        let wrapped = next.encrypt(&next.wrapping, self.indexing.as_slice(), name.as_bytes())?;
        next.keep_key(conn, &name, &wrapped, now)?;
        Ok(rows.len() + 1)
    }

    /// A 32-byte key for one purpose, different for each label.
    pub fn derived(&self, label: &str) -> Zeroizing<[u8; 32]> {
        derive(&self.master, label)
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A blind index: equal for equal values of one kind, telling nothing else without the key.
    pub fn index(&self, kind: &str, value: &str) -> String {
        let mut text = journal::hex(&mac(&self.indexing, &[kind.as_bytes(), &[0], value.as_bytes()]));
        text.truncate(INDEX_HEX_LEN);
        text
    }

    /// Makes the data key of `owner` if it has none; called where the owner is made.
    pub fn ensure_key(&self, conn: &mut AnyConn, owner: Owner, now: Moment) -> Result<(), StoreError> {
        let name = owner.to_string();
        let key: SecretKey = Zeroizing::new(self.random()?);
        let wrapped = self.encrypt(&self.wrapping, key.as_slice(), name.as_bytes())?;
        self.keep_key(conn, &name, &wrapped, now)?;
        // A service that still runs under a master key that was rotated away must not leave keys that nobody can open.
        self.check(conn)
    }

    fn keep_key(&self, conn: &mut AnyConn, name: &str, wrapped: &[u8], now: Moment) -> Result<(), StoreError> {
        diesel::sql_query("INSERT INTO data_keys (owner, wrapped, made_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind::<diesel::sql_types::Text, _>(name)
            .bind::<diesel::sql_types::Binary, _>(wrapped)
            .bind::<diesel::sql_types::BigInt, _>(now.0)
            .execute(conn)?;
        Ok(())
    }

    /// Encrypts bytes under the owner's data key.
    pub fn seal(&self, conn: &mut AnyConn, owner: Owner, plain: &[u8]) -> Result<Vec<u8>, StoreError> {
        let key = self.data_key(conn, owner)?;
        self.encrypt(&key, plain, owner.to_string().as_bytes())
    }

    /// As [`Vault::seal`] for many, in their order: the key is looked up once.
    pub fn seal_all(&self, conn: &mut AnyConn, owner: Owner, plain: &[&[u8]]) -> Result<Vec<Vec<u8>>, StoreError> {
        if plain.is_empty() {
            return Ok(Vec::new());
        }
        let (key, label) = (self.data_key(conn, owner)?, owner.to_string());
        plain.iter().map(|one| self.encrypt(&key, one, label.as_bytes())).collect()
    }

    /// As [`Vault::seal`] for many of several owners, in their order: each key is looked up and prepared once.
    pub fn seal_each(&self, conn: &mut AnyConn, plain: &[(Owner, &[u8])]) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut owners: Vec<(Owner, String)> = Vec::new();
        for (owner, _) in plain {
            if !owners.iter().any(|(known, _)| known == owner) {
                owners.push((*owner, owner.to_string()));
            }
        }
        let wrapped = self.wrapped(conn, owners.iter().map(|(_, name)| name))?;
        let mut ciphers = Vec::with_capacity(owners.len());
        for (owner, name) in owners {
            let key = self.unwrap(&name, wrapped.get(&name))?;
            ciphers.push((owner, cipher_of(&key)?, name));
        }
        let mut sealed = Vec::with_capacity(plain.len());
        for (owner, one) in plain {
            let Some((_, cipher, label)) = ciphers.iter().find(|(known, ..)| known == owner) else { continue };
            sealed.push(seal_with(cipher, self.random()?, one, label.as_bytes())?);
        }
        Ok(sealed)
    }

    /// Decrypts what [`Vault::seal`] made for the same owner.
    pub fn open(&self, conn: &mut AnyConn, owner: Owner, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let key = self.data_key(conn, owner)?;
        decrypt(&key, sealed, owner.to_string().as_bytes())
    }

    /// As [`Vault::open`] for text.
    pub fn open_text(&self, conn: &mut AnyConn, owner: Owner, sealed: &[u8]) -> Result<String, StoreError> {
        text_of(self.open(conn, owner, sealed)?)
    }

    /// What opens many fields of one owner: the key is looked up once.
    pub fn reader(&self, conn: &mut AnyConn, owner: Owner) -> Result<Reader, StoreError> {
        Ok(Reader { key: self.data_key(conn, owner)?, label: owner.to_string() })
    }

    fn data_key(&self, conn: &mut AnyConn, owner: Owner) -> Result<SecretKey, StoreError> {
        let name = owner.to_string();
        // Not `first`: its bound LIMIT makes SQLite prepare the statement anew each time.
        let wrapped: Option<Vec<u8>> =
            schema::data_keys::table.find(&name).select(schema::data_keys::wrapped).get_result(conn).optional()?;
        self.unwrap(&name, wrapped.as_ref())
    }

    /// The wrapped keys of these owners, in one query on a server.
    fn wrapped<'a>(
        &self,
        conn: &mut AnyConn,
        names: impl Iterator<Item = &'a String>,
    ) -> Result<HashMap<String, Vec<u8>>, StoreError> {
        use schema::data_keys as k;
        #[cfg(feature = "postgres")]
        if let AnyConn::Postgres(conn) = conn {
            let names: Vec<&String> = names.collect();
            let rows: Vec<(String, Vec<u8>)> =
                k::table.filter(k::owner.eq_any(names)).select((k::owner, k::wrapped)).load(conn)?;
            return Ok(rows.into_iter().collect());
        }
        let mut found = HashMap::new();
        for name in names {
            let wrapped: Option<Vec<u8>> = k::table.find(name).select(k::wrapped).get_result(conn).optional()?;
            found.extend(wrapped.map(|wrapped| (name.clone(), wrapped)));
        }
        Ok(found)
    }

    fn unwrap(&self, name: &str, wrapped: Option<&Vec<u8>>) -> Result<SecretKey, StoreError> {
        let wrapped = wrapped.cloned().ok_or_else(|| {
            StoreError::Damaged(format!("there is no data key for `{name}`; it was never made or was shredded"))
        })?;
        let known = self.unwrapped.read().ok().and_then(|keys| keys.get(&wrapped).cloned());
        if let Some(key) = known {
            return Ok(key);
        }
        let bytes = Zeroizing::new(decrypt(&self.wrapping, &wrapped, name.as_bytes())?);
        let key: [u8; 32] = bytes
            .as_slice()
            .try_into()
            .map_err(|_| StoreError::Damaged(format!("the data key of `{name}` has a wrong length")))?;
        let key = Zeroizing::new(key);
        if let Ok(mut keys) = self.unwrapped.write() {
            keys.insert(wrapped, key.clone());
        }
        Ok(key)
    }

    fn encrypt(&self, key: &SecretKey, plain: &[u8], label: &[u8]) -> Result<Vec<u8>, StoreError> {
        seal_with(&cipher_of(key)?, self.random()?, plain, label)
    }
}

fn too_long() -> StoreError {
    StoreError::Damaged("a field is too long to encrypt".to_owned())
}

fn cipher_of(key: &SecretKey) -> Result<Aes256Gcm, StoreError> {
    Aes256Gcm::new_from_slice(key.as_slice()).map_err(|_| too_long())
}

fn seal_with(cipher: &Aes256Gcm, nonce: [u8; NONCE_LEN], plain: &[u8], label: &[u8]) -> Result<Vec<u8>, StoreError> {
    // In place: a body of many megabytes is copied once.
    let mut sealed = Vec::with_capacity(NONCE_LEN.saturating_add(plain.len()).saturating_add(TAG_LEN));
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let (_, body) = sealed.split_at_mut_checked(NONCE_LEN).ok_or_else(too_long)?;
    let tag = cipher.encrypt_in_place_detached(&Nonce::from(nonce), label, body).map_err(|_| too_long())?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens fields of one owner.
pub struct Reader {
    key: SecretKey,
    label: String,
}

impl Reader {
    /// As [`Vault::open_text`].
    pub fn open_text(&self, sealed: &[u8]) -> Result<String, StoreError> {
        text_of(decrypt(&self.key, sealed, self.label.as_bytes())?)
    }
}

fn text_of(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|_| StoreError::Damaged("an encrypted text is not UTF-8".to_owned()))
}

fn derive(master: &SecretKey, label: &str) -> SecretKey {
    Zeroizing::new(mac(master, &[label.as_bytes()]))
}

fn mac(key: &SecretKey, parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length, so the constructor cannot fail for 32 bytes; an all-zero key would be refused below it.
    let Ok(mut hmac) = <Hmac<Sha256> as Mac>::new_from_slice(key.as_slice()) else { return [0; 32] };
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

fn decrypt(key: &SecretKey, sealed: &[u8], label: &[u8]) -> Result<Vec<u8>, StoreError> {
    let damaged = || StoreError::Damaged("an encrypted field does not open: wrong key file or damaged row".to_owned());
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
    let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| damaged())?;
    let cipher = Aes256Gcm::new_from_slice(key.as_slice()).map_err(|_| damaged())?;
    cipher.decrypt(&Nonce::from(nonce), Payload { msg: body, aad: label }).map_err(|_| damaged())
}
