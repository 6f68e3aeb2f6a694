//! Which calls go on from the answer of another, as the document of the API says it.

use utoipa::{
    Modify,
    openapi::{OpenApi, RefOr, link::LinkBuilder, path::Operation},
};

/// Adds them to the document.
pub(super) struct Links;

struct Link {
    from: &'static str,
    status: &'static str,
    /// Variables of the path, and where the first call has them.
    variables: &'static [(&'static str, &'static str)],
    to: &'static [&'static str],
}

const FOLDER: (&str, &str) = ("folder", "$request.path.folder");

const LINKS: &[Link] = &[
    Link {
        from: "listFolders",
        status: "200",
        variables: &[("folder", "$response.body#/folders/0/folder")],
        to: &[
            "getFolder",
            "getFrame",
            "getHistory",
            "listImages",
            "listNormals",
            "listProposals",
        ],
    },
    Link {
        from: "listImages",
        status: "200",
        variables: &[FOLDER, ("id", "$response.body#/images/0/id")],
        to: &["getImage", "getImageContent", "removeImage"],
    },
    Link {
        from: "listImages",
        status: "200",
        variables: &[FOLDER, ("name", "$response.body#/images/0/name")],
        to: &["legacyShow", "legacyDownload", "legacyDelete"],
    },
    Link {
        from: "storeImages",
        status: "201",
        variables: &[FOLDER, ("id", "$response.body#/images/0/id")],
        to: &["getImage", "getImageContent", "removeImage"],
    },
    Link {
        from: "listNormals",
        status: "200",
        variables: &[FOLDER, ("id", "$response.body#/normals/0/id")],
        to: &["getNormal", "removeNormal"],
    },
    Link {
        from: "addNormals",
        status: "201",
        variables: &[FOLDER, ("id", "$response.body#/images/0/id")],
        to: &["getNormal", "removeNormal"],
    },
    Link {
        from: "listProposals",
        status: "200",
        variables: &[FOLDER, ("id", "$response.body#/proposals/0/id")],
        to: &["getProposal", "acceptProposal", "refuseProposal"],
    },
    Link {
        from: "listAlerts",
        status: "200",
        variables: &[("id", "$response.body#/alerts/0/id")],
        to: &[
            "getAlert",
            "getAlertFrame",
            "getAlertReference",
            "acknowledgeAlert",
            "unacknowledgeAlert",
        ],
    },
    Link {
        from: "listSilences",
        status: "200",
        variables: &[("id", "$response.body#/silences/0/id")],
        to: &["removeSilence"],
    },
    Link {
        from: "addSilence",
        status: "201",
        variables: &[("id", "$response.body#/id")],
        to: &["removeSilence"],
    },
];

impl Modify for Links {
    fn modify(&self, document: &mut OpenApi) {
        let items = document.paths.paths.values_mut();
        let operations = items.flat_map(|item| [&mut item.get, &mut item.post]);
        for operation in operations.flatten() {
            let id = operation.operation_id.clone().unwrap_or_default();
            for link in LINKS.iter().filter(|link| link.from == id) {
                link.add_to(operation);
            }
        }
    }
}

impl Link {
    fn add_to(&self, operation: &mut Operation) {
        let answers = &mut operation.responses.responses;
        let Some(RefOr::T(answer)) = answers.get_mut(self.status) else {
            return;
        };
        for to in self.to {
            let link = LinkBuilder::new().operation_id(*to);
            let variables = self.variables.iter();
            let link = variables.fold(link, |link, (name, value)| link.parameter(*name, *value));
            answer.links.insert((*to).to_owned(), link.build().into());
        }
    }
}
