"""Segmentation mask 1.1: pictures of classes and of instances, laid out as in PASCAL VOC.

The pictures are those of the VOC challenge's segmentation task (Everingham and others, "The PASCAL
Visual Object Classes Challenge 2012 Development Kit", section 4), in the labels' own colours, which
``labelmap.txt`` lists. Boxes, polygons, ellipses and masks become masks; nothing else has a place.
"""

from __future__ import annotations

from cvat_lite.domain.annotations import LabeledData
from cvat_lite.domain.dataset import Dataset, FrameAnnotations, Target
from cvat_lite.domain.enums import ShapeType
from cvat_lite.errors import DatasetError
from cvat_lite.formats import survey_voc, voc_masks
from cvat_lite.formats.format import Format, ReadOptions, Sink, Source, WriteOptions, add_images
from cvat_lite.formats.instances import painting
from cvat_lite.formats.label_colors import colors_of
from cvat_lite.formats.members import files_below
from cvat_lite.formats.png import encode_rgb
from cvat_lite.formats.voc_masks_read import CLASSES, LABEL_MAP, OBJECTS, has_pictures, mask_shapes


def write(dataset: Dataset, sink: Sink, options: WriteOptions) -> None:
    """Write ``labelmap.txt``, two pictures for each image with masks, and lists of images."""
    colors = colors_of(dataset.flat_labels)
    lines = [f"{name}:{','.join(map(str, rgb))}::\n" for name, rgb in colors.items()]
    sink.add(LABEL_MAP, "".join(["# label:color_rgb:parts:actions\n", *lines]).encode())
    for subset, parts in dataset.subsets().items():
        listed = []
        for on_frame in dataset.by_frame(parts):
            picture = painting(on_frame)
            item = on_frame.frame.item
            if picture is not None:
                names = [dataset.labels_by_id[label].name for label in picture.labels]
                numbers = [voc_masks.color(place) for place in range(1, len(names) + 1)]
                classes = picture.colored([colors[name] for name in names])
                sink.add(f"{OBJECTS}/{item}.png", encode_rgb(picture.colored(numbers)))
                sink.add(f"{CLASSES}/{item}.png", encode_rgb(classes))
            if picture is not None or _is_empty(on_frame):
                listed.append(f"{item}\n")
        if listed:
            sink.add(f"ImageSets/Segmentation/{subset}.txt", "".join(listed).encode())
    if options.save_images:
        add_images(dataset, sink, lambda frame, _: f"JPEGImages/{frame.file_name}")


def _is_empty(on_frame: FrameAnnotations) -> bool:
    """Whether an image is known to show nothing; one with a tag, say, may show something."""
    kinds = {shape.type for shape in on_frame.shapes}
    return not on_frame.tags and kinds <= {ShapeType.CUBOID}


def read(source: Source, target: Target, options: ReadOptions) -> LabeledData:
    """Read the instances in the pictures."""
    if not has_pictures(source) and not files_below(source, ".txt", "ImageSets", "Segmentation"):
        raise DatasetError(OBJECTS, "", "the archive has none of the format's directories")
    return LabeledData(shapes=list(mask_shapes(source, target, options)))


FORMATS = (
    Format(
        "Segmentation mask 1.1",
        "1.1",
        write=write,
        read=read,
        survey=survey_voc.survey,
        subsets_apart=False,
    ),
)
