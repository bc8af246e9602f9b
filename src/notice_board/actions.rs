//! Recording what the board shows.

use super::table::{self, BoardRow};
use super::{BoardItem, to_text};
use crate::base::Day;
use crate::base::id::{DocumentId, RecordId};
use crate::documents::{self, DocumentKind};
use crate::projects::Site;
use crate::store::{Chain, Tx, jobs};
use crate::web::{Ctx, Problem};

/// Records what a photograph of a day shows.
///
/// # Errors
/// `invalid` for a day to come or a paper that is not a photograph of this project's board.
pub fn record(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    items: &[BoardItem],
    photo: Option<DocumentId>,
    photo_on: Day,
) -> Result<BoardRow, Problem> {
    if photo_on > ctx.today {
        let problem = Problem::invalid("拍摄日不能晚于今天。", "A photograph cannot be of a day to come.");
        return Err(problem.at("photo_on", "bad_time"));
    }
    documents::actions::require(tx.conn(), site.id, photo, "photo_document_id")?;
    if let Some(photo) = photo
        && documents::table::find(tx.conn(), site.id, photo)?.is_some_and(|row| row.kind != DocumentKind::NoticeBoardPhoto)
    {
        let problem = Problem::invalid("该文件不是告示牌照片。", "This paper is no photograph of the board.");
        return Err(problem.at("photo_document_id", "bad_format"));
    }
    let chain = Chain::Project(site.id);
    let row = BoardRow {
        project_id: site.id,
        id: RecordId(ctx.id()),
        items: to_text(items),
        photo_document_id: photo,
        photo_on,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "record_notice_board", &row.id.to_string())?;
    jobs::enqueue(tx.conn(), ctx.id(), "assess", &site.id.to_string(), ctx.now)?;
    Ok(row)
}
