//! The network with its weights: where they are found, and that they compute what they should.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use features::{Features, Input, Network, Weights};

/// The network, ready to be used by any number of threads.
pub struct Model(Network);

/// Why the network cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read.
    #[error("cannot read the network's weights in {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file holds something else, or the network computes something else than it should.
    #[error("the network's weights in {} are of no use; get them anew with scripts/get-tools.sh model", path.display())]
    Weights {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: features::Error,
    },
}

const FILE: &str = "efficientnet-lite0.safetensors";

/// Where `make tools` puts them.
const OF_A_CHECKOUT: &str = ".tools/model";

/// Where an image or a package has them.
const OF_A_SYSTEM: &str = "/usr/share/framewatch";

impl Model {
    /// Reads the weights from a file, and computes an answer that is known.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, has other weights, or this machine computes something else.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let bytes = fs::read(path).map_err(|source| ModelError::File {
            path: path.to_owned(),
            source,
        })?;
        let unusable = |source| ModelError::Weights {
            path: path.to_owned(),
            source,
        };
        let weights = Weights::from_safetensors(&bytes).map_err(unusable)?;
        let network = Network::new(&weights);
        network.self_test().map_err(unusable)?;
        Ok(Model(network))
    }

    /// The processor's instructions that it is computed with, in a word.
    pub fn instructions(&self) -> String {
        self.0.level().to_string()
    }

    pub(crate) fn of(&self, picture: &Input) -> Features {
        self.0.of(picture)
    }
}

/// The file of the weights, where they are installed: in `.tools/model` of the folder that this runs in or of the one that
/// the program lies in, or of any above these; or where a system's files are.
pub(crate) fn find_model() -> Option<PathBuf> {
    let roots = [env::current_dir().ok(), env::current_exe().ok()];
    let checkouts = roots.iter().flatten().flat_map(|path| path.ancestors());
    checkouts
        .map(|folder| folder.join(OF_A_CHECKOUT))
        .chain([PathBuf::from(OF_A_SYSTEM)])
        .map(|folder| folder.join(FILE))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_weights_is_named_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let error = Model::load(&path).err().unwrap();
        assert!(error.to_string().contains(FILE), "{error}");
        fs::write(&path, b"not weights").unwrap();
        let error = Model::load(&path).err().unwrap();
        assert!(matches!(error, ModelError::Weights { .. }), "{error}");
    }
}
