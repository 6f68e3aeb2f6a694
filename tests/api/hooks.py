"""What schemathesis cannot know: what pictures are, and that other parts of a form are ignored."""

import io

import schemathesis
from hypothesis import strategies as st
from PIL import Image

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF", "image/bmp": "BMP"}


@st.composite
def pictures(draw, form):
    """Small ones of random dots."""
    width, height = draw(st.integers(1, 32)), draw(st.integers(1, 32))
    random = draw(st.randoms(use_true_random=False))
    picture = Image.frombytes("RGB", (width, height), random.randbytes(width * height * 3))
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()


for media_type, form in FORMATS.items():
    schemathesis.openapi.media_type(media_type, pictures(form))
schemathesis.openapi.format("binary", st.sampled_from(sorted(FORMATS.values())).flatmap(pictures))


@schemathesis.hook
def map_body(context, body):
    """Leaves of a form's parts the pictures alone: names of others may be such as no form can have."""
    if isinstance(body, dict) and "file" in body:
        return {"file": body["file"]}
    return body
