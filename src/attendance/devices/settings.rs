//! How one model wants to be spoken to: what makers' manuals and the field disagree about is a setting, never a fixed assumption.
//!
//! Every value has a usual one, so that a machine without settings behaves as before. Deliberately absent: what a machine is (its
//! serial, gate and direction stand in the registry) and keys.

use serde::{Deserialize, Serialize};

use crate::base::words;
use crate::web::Problem;
use crate::wire::zkteco::command::{ANSWER_BYTES_MAX, ANSWER_BYTES_MAX_GPRS, NameEncoding};
use crate::wire::zkteco::{Options, ZoneForm};

/// Heartbeats that may be expected, in minutes.
pub const HEARTBEATS_MINUTES: &[i32] = &[1, 5, 10, 30, 60, 120, 240, 480, 1440];
/// Longest text of an option.
const TEXT_MAX: usize = 60;
/// Seconds that an option may say: a day.
const SECONDS_MAX: u32 = 86_400;

words! {
    /// How the machine's option block writes the zone.
    pub enum ZoneText, "form of a zone" {
        /// `8`, `5.5`.
        Hours = "hours",
        /// `480`.
        Minutes = "minutes",
        /// `08:00`.
        Clock = "clock",
    }
}
crate::web::openapi::word_schema!(ZoneText);

words! {
    /// In which encoding the machine keeps names.
    pub enum NameText, "encoding of names" {
        /// The usual one.
        Utf8 = "utf8",
        /// Older firmware.
        Gbk = "gbk",
    }
}
crate::web::openapi::word_schema!(NameText);

/// Settings of one machine; what is left out is as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct DeviceSettings {
    /// Pictures that come with passages are not kept: of such a message everything else is.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub drops_pictures: bool,
    /// Whether it is connected by GPRS, so that answers stay below 10 KB.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_gprs: bool,
    /// Form of its zone; hours when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_form: Option<ZoneText>,
    /// Encoding of names; UTF-8 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_encoding: Option<NameText>,
    /// Seconds between heartbeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_seconds: Option<u32>,
    /// Seconds until a failed request is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_delay_seconds: Option<u32>,
    /// Times of day for a full upload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trans_times: Option<String>,
    /// Minutes between uploads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trans_interval_minutes: Option<u32>,
    /// Mask of what is uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trans_flag: Option<String>,
    /// Whether passages wait for the next upload instead of coming at once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_delayed: bool,
    /// Seconds between fetches of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_seconds: Option<u32>,
    /// Protocol version that we claim.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_version: Option<String>,
}

impl DeviceSettings {
    /// What these say in the option block; stamps and offset are the caller's.
    pub fn options(&self) -> Options {
        let usual = Options::default();
        let text = |told: &Option<String>, usual: String| told.clone().unwrap_or(usual);
        Options {
            error_delay_s: self.error_delay_seconds.unwrap_or(usual.error_delay_s),
            delay_s: self.delay_seconds.unwrap_or(usual.delay_s),
            trans_times: text(&self.trans_times, usual.trans_times),
            trans_interval_min: self.trans_interval_minutes.unwrap_or(usual.trans_interval_min),
            trans_flag: text(&self.trans_flag, usual.trans_flag),
            realtime: !self.is_delayed,
            zone_form: match self.zone_form {
                Some(ZoneText::Minutes) => ZoneForm::Minutes,
                Some(ZoneText::Clock) => ZoneForm::Clock,
                Some(ZoneText::Hours) | None => ZoneForm::Hours,
            },
            sync_time_s: self.sync_seconds.unwrap_or(usual.sync_time_s),
            server_version: text(&self.server_version, usual.server_version),
            ..Options::default()
        }
    }

    /// The encoding of names.
    pub fn encoding(&self) -> NameEncoding {
        match self.name_encoding {
            Some(NameText::Gbk) => NameEncoding::Gbk,
            Some(NameText::Utf8) | None => NameEncoding::Utf8,
        }
    }

    /// The most bytes of an answer with orders.
    pub fn answer_bytes_max(&self) -> usize {
        if self.is_gprs { ANSWER_BYTES_MAX_GPRS } else { ANSWER_BYTES_MAX }
    }

    /// Refuses what no machine can mean.
    ///
    /// # Errors
    /// `invalid`, naming the setting.
    pub fn check(&self) -> Result<(), Problem> {
        let wrong = |name: &str| {
            let zh = "该设置超出范围：时间以秒或分钟计，最多一天；文字最多 60 个 ASCII 字符。";
            Err(Problem::invalid(zh, "Out of range: at most a day; texts are at most 60 ASCII characters.")
                .at(name, "bad_format"))
        };
        let seconds = [
            ("settings.delay_seconds", self.delay_seconds),
            ("settings.error_delay_seconds", self.error_delay_seconds),
            ("settings.trans_interval_minutes", self.trans_interval_minutes),
            ("settings.sync_seconds", self.sync_seconds),
        ];
        if let Some((name, _)) = seconds.iter().find(|(_, value)| value.is_some_and(|value| !(1..=SECONDS_MAX).contains(&value)))
        {
            return wrong(name);
        }
        let texts = [
            ("settings.trans_times", &self.trans_times),
            ("settings.trans_flag", &self.trans_flag),
            ("settings.server_version", &self.server_version),
        ];
        let is_odd = |text: &String| text.is_empty() || text.len() > TEXT_MAX || !text.bytes().all(|b| b.is_ascii_graphic());
        match texts.iter().find(|(_, text)| text.as_ref().is_some_and(is_odd)) {
            Some((name, _)) => wrong(name),
            None => Ok(()),
        }
    }

    /// As kept; none where all are the usual ones.
    pub fn kept(&self) -> Option<String> {
        if *self == Self::default() { None } else { serde_json::to_string(self).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_shape_the_option_block_and_the_usual_ones_take_no_room() {
        let usual = DeviceSettings::default();
        assert_eq!((usual.kept(), usual.options(), usual.encoding()), (None, Options::default(), NameEncoding::Utf8));
        let own = DeviceSettings {
            zone_form: Some(ZoneText::Clock),
            name_encoding: Some(NameText::Gbk),
            delay_seconds: Some(10),
            is_delayed: true,
            is_gprs: true,
            ..DeviceSettings::default()
        };
        own.check().unwrap();
        let block = own.options().block("T1");
        assert!(
            block.contains("\nTimeZone=08:00\n") && block.contains("\nDelay=10\n") && block.contains("\nRealtime=0\n"),
            "{block}"
        );
        assert_eq!((own.encoding(), own.answer_bytes_max()), (NameEncoding::Gbk, 10 * 1024));
        assert_eq!(serde_json::from_str::<DeviceSettings>(&own.kept().unwrap()).unwrap(), own);
        let far = DeviceSettings { delay_seconds: Some(0), ..DeviceSettings::default() };
        assert_eq!(far.check().unwrap_err().code.as_str(), "invalid");
        let sly = DeviceSettings { trans_flag: Some("1\nEncrypt=1".to_owned()), ..DeviceSettings::default() };
        assert!(sly.check().is_err());
    }
}
