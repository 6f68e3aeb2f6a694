//! What is no file of the network's weights is refused, and the error names the tensor.

use features::{Error, Weights};
use safetensors::Dtype;

use crate::drawing::{self, Tensor};

/// The error after one tensor has been changed.
fn refused(name: &str, change: impl FnOnce(&mut Tensor)) -> Error {
    let mut tensors = drawing::weights(1);
    let tensor = tensors.iter_mut().find(|tensor| tensor.name == name);
    change(tensor.expect("the network has that tensor"));
    Weights::from_safetensors(&drawing::file(&tensors)).expect_err("it was changed")
}

#[test]
fn the_drawn_weights_are_taken_with_tensors_that_are_not_needed() {
    let mut tensors = drawing::weights(1);
    let mut more = tensors[0].clone();
    more.name = "_fc.weight".to_owned();
    tensors.push(more);
    assert!(Weights::from_safetensors(&drawing::file(&tensors)).is_ok());
}

#[test]
fn a_missing_tensor_is_named() {
    let name = "_blocks.7._project_conv.weight";
    let error = refused(name, |tensor| tensor.name = "other".to_owned());
    assert!(
        matches!(&error, Error::Missing { tensor } if tensor == name),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        format!("the weights lack the tensor {name}")
    );
}

#[test]
fn another_shape_is_named_with_both() {
    let error = refused("_bn0.bias", |tensor| tensor.shape = vec![4, 8]);
    let expected = "the tensor _bn0.bias has the shape [4, 8], and [32] is needed";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn other_numbers_than_floats_are_named() {
    let error = refused("_bn0.bias", |tensor| tensor.dtype = Dtype::I32);
    assert_eq!(
        error.to_string(),
        "the tensor _bn0.bias is of type I32, and F32 is needed"
    );
}

#[test]
fn what_is_no_finite_number_is_named() {
    let error = refused("_blocks.3._bn1.running_var", |tensor| {
        tensor.numbers[5] = -1.0
    });
    let layer = "_blocks.3._depthwise_conv.weight";
    assert!(
        matches!(&error, Error::NotFinite { layer: found } if found == layer),
        "{error}"
    );
}

#[test]
fn bytes_that_are_cut_short_are_no_file() {
    let file = drawing::file(&drawing::weights(1));
    for len in [0, 7, 8, 100, file.len() - 1] {
        let error = Weights::from_safetensors(&file[..len]).unwrap_err();
        assert!(
            matches!(error, Error::NotSafetensors(_)),
            "{len} bytes: {error}"
        );
    }
}
