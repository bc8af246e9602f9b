//! `inbox replay`.

use std::path::Path;

use super::house::{ground, refused};
use super::{ReplayArgs, Verdict, say};
use crate::attendance::devices::{DeviceState, table as devices};
use crate::attendance::intake::again::ReadAgain;
use crate::attendance::intake::replay;
use crate::base::id::InboxId;
use crate::operation::replaying::{self, MACHINES, OTHERS};
use crate::settlement::voiding::again;
use crate::store::StoreError;
use crate::store::inbox::InboxState;
use crate::store::inbox::again::{Which, after, is_forgotten};
use crate::web::{Ctx, Problem};

/// Messages that are looked up at a time.
const PAGE: i64 = 500;

/// Reads messages again, each in a transaction of its own; one that cannot be read again is named and leaves the others.
pub fn replay(config_dir: Option<&Path>, args: &ReplayArgs) -> Result<Verdict, StoreError> {
    let wrong = |error: crate::base::Unreadable| StoreError::Setup(error.to_string());
    let state: Option<InboxState> = args.state.as_deref().map(str::parse).transpose().map_err(wrong)?;
    if let Some(feed) = args.feed.as_deref().filter(|feed| !replaying::is_readable(feed)) {
        let known = [MACHINES.as_slice(), &OTHERS].concat().join(", ");
        let zh = "该来源不能重放；表格请更正后在原页面重新上传，其余可重放的来源";
        let en = "is not read again; a sheet is mended and uploaded again where it was. Feeds that are";
        return Err(StoreError::Setup(format!("feed `{feed}` {en}: {known} / {zh}：{known}")));
    }
    let (_, ground) = ground(config_dir, &args.place, args.place.open_existing()?)?;
    let feeds: Vec<&str> = args.feed.as_deref().map_or_else(|| [MACHINES.as_slice(), &OTHERS].concat(), |feed| vec![feed]);
    let states = state.map_or_else(|| vec![InboxState::Part, InboxState::Quarantined], |state| vec![state]);
    let (mut total, mut failed, mut forgotten, mut voided) = (ReadAgain::default(), 0_usize, 0_usize, 0_usize);
    for (feed, state) in feeds.into_iter().flat_map(|feed| states.iter().map(move |state| (feed, *state))) {
        let which = Which {
            feed: Some(feed.to_owned()),
            source: args
                .source
                .clone()
                .map(|source| if state == InboxState::Held { replay::held_source(&source) } else { source }),
            state: Some(state),
            from: args.from.map(|day| day.begins()),
            until: args.to.map(|day| day.plus_days(1).begins()),
        };
        let mut last = InboxId(0);
        loop {
            let wanted = which.clone();
            let ids = ground.db.read_blocking(|conn| after(conn, &wanted, last, PAGE))?;
            let Some(end) = ids.last() else { break };
            last = *end;
            for id in ids {
                let ctx = Ctx::of_the_house(&ground, "cli");
                let done: Result<ReadAgain, Problem> = match state {
                    InboxState::Held => ground.db.write_blocking(move |tx| held(tx, &ctx, id)),
                    _ => replaying::run_blocking(&ctx, id),
                };
                match done {
                    Ok(read) => total.add(read),
                    // Nothing is wrong with it: its bytes were kept for as long as they are kept.
                    Err(_) if ground.db.read_blocking(|conn| is_forgotten(conn, id))? => forgotten += 1,
                    // Two persons have said that it does not count.
                    Err(problem) if again::is_told_by(&problem) => voided += 1,
                    Err(problem) => {
                        failed += 1;
                        say(&format!("{id}: {}", refused(&problem)))?;
                    }
                }
            }
        }
    }
    let ReadAgain { messages, punches, taken, open } = total;
    say(&format!("{messages} messages read again, {punches} punches new, {taken} items taken, {open} open, {failed} failed"))?;
    if forgotten > 0 {
        say(&format!("{forgotten} forgotten (retention) / {forgotten} 条原文已按保存期限清除"))?;
    }
    if voided > 0 {
        say(&format!("{voided} voided, left out / {voided} 份文件已作废，未再入账"))?;
    }
    Ok(if failed == 0 { Verdict::Holds } else { Verdict::Fails })
}

/// A held message is read where its machine has been bound meanwhile, with all others of that machine.
fn held(tx: &mut crate::store::Tx<'_>, ctx: &Ctx, id: InboxId) -> Result<ReadAgain, Problem> {
    let Some(message) = crate::store::inbox::again::find(tx.conn(), ctx.vault(), id)? else { return Ok(ReadAgain::default()) };
    let serial = message.source.strip_prefix("pending:").unwrap_or_default();
    let device = devices::by_serial(tx.conn(), serial)?.filter(|row| row.state == DeviceState::Active);
    let Some(device) = device.filter(|_| message.state == InboxState::Held) else { return Ok(ReadAgain::default()) };
    let replayed = replay::replay_held(tx, ctx, &device)?;
    Ok(ReadAgain { messages: replayed.messages, punches: replayed.punches, taken: 0, open: replayed.problems })
}
