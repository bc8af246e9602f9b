//! Papers that come with another form: the scan beside a fact, a signature, an account, a deposit.

use crate::base::id::DocumentId;
use crate::documents::DocumentKind;
use crate::documents::actions::{NewDocument, keep};
use crate::projects::Site;
use crate::store::Tx;
use crate::web::{Ctx, Form, Problem};

/// The uploaded file of a field as a paper of that kind; `None` where none was chosen.
pub(in crate::console) fn uploaded(form: &Form, field: &str, kind: DocumentKind) -> Option<NewDocument> {
    form.file_opt(field).map(|file| NewDocument {
        kind,
        name: file.name.clone().unwrap_or_else(|| kind.to_string()),
        media_type: file.media_type.clone(),
        bytes: file.bytes.clone(),
    })
}

/// Keeps a paper where one came.
pub(in crate::console) fn kept(
    tx: &mut Tx<'_>,
    ctx: &Ctx,
    site: &Site,
    paper: Option<&NewDocument>,
) -> Result<Option<DocumentId>, Problem> {
    paper.map(|paper| keep(tx, ctx, site.id, paper).map(|head| head.id)).transpose()
}
