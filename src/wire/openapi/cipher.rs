//! Fields marked `*`: AES-256-CBC with PKCS#7 and the secret's own text as key, its first half as initial vector.
//!
//! A mode for compatibility: the vector is fixed, so equal numbers give equal ciphertext. New clients get better ways.

use aes::Aes256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit};

/// Bytes of a secret.
pub const SECRET_LEN: usize = 32;

/// The longest ciphertext of a field, in base64 characters.
const CIPHER_MAX: usize = 4096;

/// The secret of an app. Shown to nobody by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct AppSecret(String);

impl AppSecret {
    /// A secret of exactly 32 bytes; `None` for any other length.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == SECRET_LEN && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// The plain text, for the signature and for the one time that it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parts(&self) -> ([u8; SECRET_LEN], [u8; 16]) {
        let (mut key, mut iv) = ([0; SECRET_LEN], [0; 16]);
        for (place, byte) in key.iter_mut().zip(self.0.bytes()) {
            *place = byte;
        }
        for (place, byte) in iv.iter_mut().zip(self.0.bytes()) {
            *place = byte;
        }
        (key, iv)
    }

    /// Encrypts a field.
    pub fn encrypt(&self, plain: &str) -> String {
        let (key, iv) = self.parts();
        let cipher = cbc::Encryptor::<Aes256>::new(&key.into(), &iv.into());
        STANDARD.encode(cipher.encrypt_padded_vec_mut::<Pkcs7>(plain.as_bytes()))
    }

    /// Decrypts a field; `None` for anything that this secret did not encrypt.
    pub fn decrypt(&self, text: &str) -> Option<String> {
        let text = text.trim();
        if text.len() > CIPHER_MAX {
            return None;
        }
        let bytes = STANDARD.decode(text).ok()?;
        let (key, iv) = self.parts();
        let cipher = cbc::Decryptor::<Aes256>::new(&key.into(), &iv.into());
        String::from_utf8(cipher.decrypt_padded_vec_mut::<Pkcs7>(&bytes).ok()?).ok()
    }
}

impl std::fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSecret(***)")
    }
}
