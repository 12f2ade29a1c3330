"""Writes the small Parquet files of the tests: python scripts/make-parquet.py FOLDER (pyarrow, numpy and Pillow)."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

out = Path(sys.argv[1])
names = ["gamma ray", "alpha", "été"]
features = {
    "image": {"_type": "Image"},
    "label": {"names": names, "_type": "ClassLabel"},
}
schema_of = {
    "image": pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
    "label": pa.int64(),
}


def picture(number: int) -> bytes:
    """A PNG of 6 x 4 pixels whose first value is its number."""
    pixels = np.full((4, 6, 3), number, np.uint8)
    pixels[:, :, 1] = np.arange(6) * 10
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "png")
    return stream.getvalue()


def row(number: int, label) -> dict:
    return {"image": {"bytes": picture(number), "path": f"{number}.png"}, "label": label}


def write(path: str, rows: list, *, features=features, types=schema_of, group=2, **options) -> None:
    schema = pa.schema(list(types.items()))
    if features is not None:
        schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    table = pa.Table.from_pylist(rows, schema=schema)
    (out / path).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, out / path, row_group_size=group, **options)


# as the hub has them: two shards of training images, one of the test split, whose labels are kept back
write("hub/data/train-00000-of-00002.parquet", [row(i, i % 3) for i in range(5)])
write("hub/data/train-00001-of-00002.parquet", [row(5 + i, (i + 2) % 3) for i in range(4)], compression="zstd")
write("hub/data/test-00000-of-00001.parquet", [row(20 + i, -1) for i in range(2)])

# plain bytes under other names, labels that are names, no metadata of the datasets library
plain = {"picture": pa.binary(), "kind": pa.string()}
write(
    "plain.parquet",
    [{"picture": picture(i), "kind": ["zebra", "ant"][i % 2]} for i in range(4)],
    features=None,
    types=plain,
    compression="gzip",
    data_page_version="2.0",
)

# a picture that many rows share, kept once in a dictionary
write("shared.parquet", [row(7, 1) for _ in range(6)], group=6)

# what is wrong
write("no-picture.parquet", [row(0, 0), row(1, 1), {"image": None, "label": 2}])
write("outside.parquet", [row(0, 0), {"image": {"bytes": None, "path": "photos/1.png"}, "label": 1}])
write("no-label.parquet", [row(0, 0), row(1, None), row(2, 1)])
write("label-too-large.parquet", [row(0, 0), row(1, 3)])
write("fraction.parquet", [{"image": picture(0), "label": 0.5}], features=None, types={"image": pa.binary(), "label": pa.float64()})
write("no-columns.parquet", [{"text": "a", "tokens": [1, 2]}], features=None, types={"text": pa.string(), "tokens": pa.list_(pa.int64())})
