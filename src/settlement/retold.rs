//! One movement told twice by messages of the same kind, in fuller, poorer or masked words: an export with the other side after one without,
//! a statement made out again with details. Under one reference of the bank, on one day and over one amount, with the other side named both
//! times and nothing that contradicts, it is the same entry and keeps the fuller words. Where one telling says nothing of the other side, or
//! only a masked name joins the two, nothing proves that it is one movement, and nothing that it is two, so that it is not booked and a
//! person looks at it. Where only one of the two has a reference (an MT940 with `NONREF` beside the camt.053 of the day), it is the same entry
//! unless value day, other side or payment id contradict; as many stand as the file that tells most of them. Deliberately absent: two equal
//! entries of one statement, which are two, and words of another kind of message, which `keys` matches.

use super::allocate::Desk;
use super::keys::{Known, Told, Voice};
use super::receipt::FileProblem;
use super::sides::OtherSide;
use super::standing::Standing;
use crate::accounts::continuity::StatementRef;
use crate::accounts::table::{EntryRow, short};
use crate::accounts::{EntryStatus, StatementKind, plain};
use crate::store::inbox::storable;
use crate::store::vault::{Owner, Reader};
use crate::store::{Tx, journal};
use crate::web::{Ctx, Problem};
use crate::wire::text::squeezed;

/// Whether nothing is said of the other side.
fn is_silent(told: &Told) -> bool {
    told.end_to_end_id.is_none() && told.counterparty_account.is_none() && told.counterparty.is_none()
}

fn is_masked(text: &str) -> bool {
    text.contains(['*', '＊'])
}

/// Whether two names or accounts, of which one or both may be masked, may be one; in which width their signs are written does not count.
pub(super) fn may_be_one(one: &str, two: &str) -> bool {
    let (one, two) = (&squeezed(one), &squeezed(two));
    let head = |text: &str| text.split(['*', '＊']).next().unwrap_or_default().to_owned();
    let tail = |text: &str| text.rsplit(['*', '＊']).next().unwrap_or_default().to_owned();
    if !is_masked(one) && !is_masked(two) {
        return one == two;
    }
    let (heads, tails) = ((head(one), head(two)), (tail(one), tail(two)));
    let heads_fit = heads.0.starts_with(&heads.1) || heads.1.starts_with(&heads.0);
    let tails_fit = tails.0.ends_with(&tails.1) || tails.1.ends_with(&tails.0);
    heads_fit && tails_fit
}

/// Whether a message of this kind told an entry of this day, in other words, and neither page nor balance makes it another.
fn is_near(known: &Known, told: &Told, voice: Voice<'_>) -> bool {
    let row = &known.row;
    let is_same = row.booked_on == told.booked_on
        && row.status == EntryStatus::Booked
        && told.status == EntryStatus::Booked
        && row.was_seen_in(voice.kind)
        && !row.was_told_as(voice.base);
    let is_other_page = known.name.is_other_page_of(voice.name) && *voice.name != StatementRef::default();
    is_same && !is_other_page && !voice.balance.is_some_and(|mark| row.had_other_balance(mark))
}

/// Whether what is told may be an entry on record that a message of this kind told in other words; `silent` is the key that the same words
/// have without the other side.
fn is_retold(known: &Known, told: &Told, voice: Voice<'_>, silent: &str) -> bool {
    let row = &known.row;
    if !is_near(known, told, voice) {
        return false;
    }
    let names = row.counterparty.as_deref().zip(told.counterparty.as_deref());
    let accounts = row.counterparty_index.as_deref().zip(voice.counterparty_index);
    let any_masked = [row.counterparty.as_deref(), told.counterparty.as_deref(), told.counterparty_account.as_deref()]
        .into_iter()
        .flatten()
        .any(is_masked);
    let fits =
        names.is_none_or(|(one, two)| may_be_one(one, two)) && (any_masked || accounts.is_none_or(|(one, two)| one == two));
    fits && (is_silent(told) || row.was_told_as(silent) || any_masked)
}

/// Whether what is told is an entry on record: both name the other side, by its account, its name or each by another of them, and nothing
/// contradicts. A payment's own id in what is told may be another's than that of the one on record, so that such an entry is not taken
/// for it; and a masked name alone is many people's.
fn is_same(known: &Known, (told, voice): (&Told, Voice<'_>), account: Option<&str>, reader: &Reader) -> bool {
    let row = &known.row;
    let both_named =
        (row.counterparty.is_some() || row.counterparty_account.is_some()) && (told.counterparty.is_some() || account.is_some());
    if told.end_to_end_id.is_some() || !both_named || !is_near(known, told, voice) {
        return false;
    }
    let names = row.counterparty.as_deref().zip(told.counterparty.as_deref());
    let one_account = is_one_account(row, voice, account, reader);
    let by_masked_name = names.is_some_and(|(one, two)| is_masked(one) || is_masked(two)) && one_account != Some(true);
    one_account != Some(false) && !by_masked_name && names.is_none_or(|(one, two)| may_be_one(one, two))
}

/// Whether both show an account of the other side that is, or may be, the same; `None` where one shows none.
fn is_one_account(row: &EntryRow, voice: Voice<'_>, account: Option<&str>, reader: &Reader) -> Option<bool> {
    match (row.counterparty_index.as_deref().zip(voice.counterparty_index), account) {
        (Some((one, two)), _) => Some(one == two),
        // Of a masked account there is no index: what was told is compared.
        (None, Some(account)) => row
            .counterparty_account
            .as_deref()
            .map(|sealed| reader.open_text(sealed).is_ok_and(|text| may_be_one(&plain(&text), account))),
        (None, None) => None,
    }
}

/// What two tellings say of the other side when taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sides {
    /// It cannot be the same.
    Contradict,
    /// One is silent, or shows no more than the ends of a name.
    Silent,
    /// Both name the same one.
    Agree,
}

fn sides(row: &EntryRow, (told, voice): (&Told, Voice<'_>), account: Option<&str>, reader: &Reader) -> Sides {
    let names = row.counterparty.as_deref().zip(told.counterparty.as_deref());
    let one_account = is_one_account(row, voice, account, reader);
    if one_account == Some(false) || names.is_some_and(|(one, two)| !may_be_one(one, two)) {
        return Sides::Contradict;
    }
    let by_name = names.is_some_and(|(one, two)| !is_masked(one) && !is_masked(two));
    if one_account == Some(true) || by_name { Sides::Agree } else { Sides::Silent }
}

/// Whose words of the other side are kept: whole ones before masked ones, else those that were there first.
pub(super) fn keep_fuller(tx: &mut Tx<'_>, ctx: &Ctx, row: &mut EntryRow, told: &Told, other: OtherSide) -> Result<(), Problem> {
    let is_poorer = row.counterparty.as_deref().is_none_or(is_masked);
    if let Some(name) = told.counterparty.as_deref().filter(|name| is_poorer && (row.counterparty.is_none() || !is_masked(name)))
    {
        row.counterparty = Some(storable(name));
    }
    let becomes_whole = row.counterparty_index.is_none() && other.index.is_some();
    if (row.counterparty_account.is_none() || becomes_whole)
        && let Some(text) = &other.account
    {
        row.counterparty_account = Some(ctx.vault().seal(tx.conn(), Owner::Project(row.project_id), text.as_bytes())?);
        row.counterparty_index = other.index;
    }
    Ok(())
}

/// What becomes of an entry that would be new and is told again in other words.
pub(super) enum Retold {
    /// It is this one.
    Same(Box<EntryRow>),
    /// A person looks at it.
    Doubted(FileProblem),
}

impl Desk<'_> {
    /// The entry that is told again in other words, or what is told to a person of it; what stands is taken out, since each is told again
    /// once.
    pub(super) fn retold(
        &self,
        tx: &mut Tx<'_>,
        ctx: &Ctx,
        standing: &mut Standing,
        (told, voice, other): (&Told, Voice<'_>, &OtherSide),
        place: &str,
    ) -> Result<Option<Retold>, Problem> {
        if !standing.has_namesake(told) && !standing.has_half(told) {
            return Ok(None);
        }
        let reader = ctx.vault().reader(tx.conn(), Owner::Project(self.site.id))?;
        // What the same page tells in its own words beside this is another entry.
        let is_told = |known: &Known| known.row.keys().any(|key| self.page_words.contains(key));
        let account = other.account.as_deref();
        let fits = |known: &Known| !is_told(known) && is_same(known, (told, voice), account, &reader);
        if let Some(row) = standing.take_namesake(&self.claimed, told, fits) {
            return Ok(Some(Retold::Same(Box::new(row))));
        }
        if let Some(row) = self.half(ctx, standing, (told, voice), account, &reader) {
            return Ok(Some(Retold::Same(Box::new(row))));
        }
        Ok(self.doubted(ctx, standing, (told, voice), place).map(Retold::Doubted))
    }

    /// The entry of which what is told is the half with the bank's reference, or without it: one that names the same other side before one
    /// that is silent. A sheet lists what somebody chose, so that there silence is not enough; messages of single entries never come by
    /// halves, since two of them are two.
    fn half(
        &self,
        ctx: &Ctx,
        standing: &mut Standing,
        (told, voice): (&Told, Voice<'_>),
        account: Option<&str>,
        reader: &Reader,
    ) -> Option<EntryRow> {
        if !self.kind.is_ledger() {
            return None;
        }
        let is_told = |known: &Known| known.row.keys().any(|key| self.page_words.contains(key));
        let goes_before = |known: &Known| known.row.tellers().any(|id| self.gone_before.contains(&id));
        let days_fit = |row: &EntryRow| row.value_on.zip(told.value_on).is_none_or(|(one, two)| one == two);
        let fits = |known: &Known, wanted: Sides| {
            !is_told(known)
                && !goes_before(known)
                && days_fit(&known.row)
                && is_near(known, told, voice)
                && sides(&known.row, (told, voice), account, reader) == wanted
                && !self.is_other_payment(ctx, &known.row, told, reader)
        };
        let named = standing.take_half(&self.claimed, told, |known| fits(known, Sides::Agree));
        named.or_else(|| {
            let may_be_silent = self.kind == StatementKind::Statement;
            if may_be_silent { standing.take_half(&self.claimed, told, |known| fits(known, Sides::Silent)) } else { None }
        })
    }

    /// Whether what is told carries the id of a single payment that the entry on record was told without, as far as its words show.
    fn is_other_payment(&self, ctx: &Ctx, row: &EntryRow, told: &Told, reader: &Reader) -> bool {
        let Some(id) = told.end_to_end_id.as_deref() else { return false };
        if row.bank_ref.is_none() {
            return row.was_other_payment(&journal::sha256(id.as_bytes()));
        }
        // With a reference the id stands in the entry's own words, or else what is known of the other side does.
        let account = row.counterparty_account.as_deref().and_then(|sealed| reader.open_text(sealed).ok());
        let words = |who: Option<&str>| {
            let told = Told {
                bank_ref: row.bank_ref.clone(),
                end_to_end_id: who.map(str::to_owned),
                counterparty_account: None,
                counterparty: None,
                ..told.clone()
            };
            ctx.vault().index("bank_entry", &told.key_text(self.account.id))
        };
        let known = [Some(id), None]
            .into_iter()
            .chain([account.as_deref(), row.counterparty.as_deref()].into_iter().filter(Option::is_some));
        !known.into_iter().any(|who| row.was_told_as(&words(who)))
    }

    /// What is told to a person of an entry of which it is doubtful whether it is told again.
    fn doubted(&self, ctx: &Ctx, standing: &mut Standing, (told, voice): (&Told, Voice<'_>), place: &str) -> Option<FileProblem> {
        let bare = Told { end_to_end_id: None, counterparty_account: None, counterparty: None, ..told.clone() };
        let silent = ctx.vault().index("bank_entry", &bare.key_text(self.account.id));
        // What the same page tells in its own words beside this is another entry.
        let is_told = |known: &Known| known.row.keys().any(|key| self.page_words.contains(key));
        let fits = |known: &Known| !is_told(known) && is_retold(known, told, voice, &silent);
        let row = standing.take_namesake(&self.claimed, told, fits)?;
        let id = row.id;
        Some(FileProblem::new(
            place,
            "id_reused",
            format!(
                "同一流水号、同日、同金额的一笔已入账（{id}），两次的对方信息一详一略或打码，疑为同一笔，未重复入账。\
                 请核对；确为两笔的，请银行出具能区分两笔的对账单。"
            ),
            format!(
                "An entry of this reference, day and amount is booked ({id}), told with more, less or masked words on the other side. \
                 It is probably the same and was not booked again. Check it; if there are two, have the bank tell them apart."
            ),
        ))
    }

    /// Notes the words of a page, by which its entries are known again.
    pub(super) fn note_words<'b>(&mut self, bases: impl Iterator<Item = &'b str>) {
        self.page_words = bases.map(|base| short(base).to_owned()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::may_be_one;

    #[test]
    fn a_masked_name_may_be_each_name_that_it_shows_the_ends_of() {
        for (one, two) in [
            ("导览****公司", "导览置业有限公司"),
            ("张*", "张三"),
            ("*三", "张三"),
            ("张*", "*三"),
            ("张三", "张三"),
            ("***", "张三"),
            ("导览置业（杭州）有限公司", "导览置业(杭州)有限公司"),
            ("1208****5678", "1208000012345678"),
        ] {
            assert!(may_be_one(one, two) && may_be_one(two, one), "{one} {two}");
        }
        for (one, two) in
            [("导览****公司", "青禾置业有限公司"), ("张*", "李四"), ("张*", "李*"), ("张三", "张四"), ("*三", "张四")]
        {
            assert!(!may_be_one(one, two) && !may_be_one(two, one), "{one} {two}");
        }
    }
}
