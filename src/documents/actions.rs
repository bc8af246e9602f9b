//! Keeping a paper and giving it back.

use super::table::{self, DocumentHead, DocumentRow};
use super::{DOCUMENT_MAX, DocumentKind, MEDIA_TYPES};
use crate::base::id::{DocumentId, ProjectId};
use crate::store::vault::Owner;
use crate::store::{AnyConn, Chain, Tx, journal};
use crate::web::{Code, Ctx, Problem};

/// A paper as handed in.
#[derive(Debug, Clone)]
pub struct NewDocument {
    /// What it is.
    pub kind: DocumentKind,
    /// File name.
    pub name: String,
    /// Media type.
    pub media_type: String,
    /// Bytes as received.
    pub bytes: Vec<u8>,
}

/// Keeps a paper of a project.
///
/// # Errors
/// `too_large` beyond 20 MiB, `unsupported_media` for a type that nobody could look at later.
pub fn keep(tx: &mut Tx<'_>, ctx: &Ctx, project: ProjectId, new: &NewDocument) -> Result<DocumentHead, Problem> {
    if new.bytes.len() > DOCUMENT_MAX {
        return Err(Problem::new(Code::TooLarge, "文件不能超过 20 MiB。", "A document may have at most 20 MiB."));
    }
    let media = new.media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if !MEDIA_TYPES.contains(&media.as_str()) {
        let list = MEDIA_TYPES.join(", ");
        return Err(Problem::new(
            Code::UnsupportedMedia,
            format!("请上传以下类型之一：{list}"),
            format!("Upload one of: {list}"),
        ));
    }
    let chain = Chain::Project(project);
    let row = DocumentRow {
        id: DocumentId(ctx.id()),
        project_id: Some(project),
        kind: new.kind,
        name: new.name.clone(),
        media_type: media,
        size: i64::try_from(new.bytes.len()).unwrap_or(i64::MAX),
        sha256: journal::sha256(&new.bytes),
        body: ctx.vault().seal(tx.conn(), Owner::Project(project), &new.bytes)?,
        uploaded_by: ctx.actor().to_owned(),
        uploaded_at: ctx.now,
        recorded_seq: tx.seq(chain)?,
    };
    table::insert(tx, &row)?;
    tx.note(chain, ctx.now, ctx.actor(), "keep_document", &row.id.to_string())?;
    let DocumentRow { id, kind, name, media_type, size, sha256, uploaded_at, .. } = row;
    Ok(DocumentHead { id, kind, name, media_type, size, sha256, uploaded_at })
}

/// A paper's bytes with media type and name.
pub fn fetch(conn: &mut AnyConn, ctx: &Ctx, project: ProjectId, id: DocumentId) -> Result<(DocumentRow, Vec<u8>), Problem> {
    let row = table::find(conn, project, id)?.ok_or_else(Problem::not_found)?;
    let bytes = ctx.vault().open(conn, Owner::Project(project), &row.body)?;
    Ok((row, bytes))
}

/// Refuses a reference to a paper that is not the project's own.
pub fn require(conn: &mut AnyConn, project: ProjectId, id: Option<DocumentId>, place: &str) -> Result<(), Problem> {
    match id {
        Some(id) if table::find(conn, project, id)?.is_none() => {
            let problem = Problem::invalid(
                format!("{place} 引用的文件不属于本项目。"),
                format!("{place}: no such document in this project"),
            );
            Err(problem.at(place, "unknown_reference"))
        }
        _ => Ok(()),
    }
}
