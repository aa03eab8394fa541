"""Data sets that are folders: a folder for each class, a file for each sample."""

from __future__ import annotations

import os

from weft.datasets._files import DataFileError
from weft.datasets.vision import VisionDataset

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

IMG_EXTENSIONS: tuple[str, ...] = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class DatasetFolder(VisionDataset):
    """Samples are files in folders, of which each is a class: ``root/class/.../file``.

    Args:
        root: the folder of the classes' folders.
        loader: a function from a path to a sample.
        extensions: ends of the names of files that count, as ".png".
        transform: a function of the sample.
        target_transform: a function of the number of the class.
        is_valid_file: a function that says of a path whether it counts, instead of extensions.
        allow_empty: classes without a file are no error.

    Attributes: ``classes``, names in alphabetical order; ``class_to_idx``; ``samples``, pairs of path and number of
    the class; ``targets``, these numbers.

    Raises:
        FileNotFoundError: there is no root, no class in it, or no file in a class.
        ValueError: both or neither of extensions and is_valid_file are given.

    >>> import pathlib, tempfile, weft
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("cat", "dog"):
    ...     (root / name).mkdir()
    ...     _ = (root / name / "1.txt").write_text(f"a {name}")
    >>> data = weft.datasets.DatasetFolder(root, lambda path: open(path).read(), extensions=(".txt",))
    >>> data.classes, data[1]
    (['cat', 'dog'], ('a dog', 1))
    """

    classes: list[str]
    class_to_idx: dict[str, int]

    def __init__(
        self,
        root: Any,
        loader: Callable[[str], Any],
        extensions: str | Sequence[str] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if not callable(loader):
            raise TypeError(f"{type(self).__name__}: loader must be a function, got {type(loader).__name__}")
        self.loader: Callable[[str], Any] = loader
        self.extensions: str | Sequence[str] | None = extensions
        self.classes, self.class_to_idx = self.find_classes(str(self.root))
        self.samples: list[tuple[str, int]] = self.make_dataset(
            str(self.root), self.class_to_idx, extensions, is_valid_file, allow_empty
        )
        self.targets: list[int] = [target for _, target in self.samples]

    def find_classes(self, directory: Any) -> tuple[list[str], dict[str, int]]:
        """The names of the classes, and the number of each; a subclass may find others.

        Args:
            directory: the root.

        Raises FileNotFoundError where there are none.

        >>> import pathlib, tempfile, weft
        >>> root = pathlib.Path(tempfile.mkdtemp())
        >>> (root / "cat").mkdir()
        >>> _ = (root / "cat" / "1.txt").write_text("")
        >>> weft.datasets.DatasetFolder(root, str, ".txt").find_classes(root)
        (['cat'], {'cat': 0})
        """
        name = type(self).__name__
        if not os.path.isdir(directory):
            raise FileNotFoundError(f"{name}: there is no folder {directory}")
        with os.scandir(directory) as entries:
            classes = sorted(entry.name for entry in entries if entry.is_dir())
        if not classes:
            raise FileNotFoundError(f"{name}: {directory} holds no folder; expected one for each class")
        return classes, {name: i for i, name in enumerate(classes)}

    @staticmethod
    def make_dataset(
        directory: Any,
        class_to_idx: dict[str, int],
        extensions: str | Sequence[str] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """Pairs of path and number of the class, in the order of classes and then of paths.

        Args:
            directory: the root.
            class_to_idx: the number of each class.
            extensions: ends of names of files that count.
            is_valid_file: or a function that says of a path whether it counts.
            allow_empty: classes without a file are no error.

        Raises FileNotFoundError for a class without a file, ValueError as the class does.

        >>> import pathlib, tempfile, weft
        >>> root = pathlib.Path(tempfile.mkdtemp())
        >>> weft.datasets.DatasetFolder.make_dataset(root, {"cat": 0}, ".txt", allow_empty=True)
        []
        """
        if not class_to_idx:
            raise ValueError("make_dataset: class_to_idx has no class")
        if (extensions is None) == (is_valid_file is None):
            raise ValueError("make_dataset: give either extensions or is_valid_file")
        ends = () if extensions is None else (extensions,) if isinstance(extensions, str) else tuple(extensions)
        ends = tuple(end.lower() for end in ends)
        counts = is_valid_file or (lambda path: path.lower().endswith(ends))
        samples, empty = [], []
        for name in sorted(class_to_idx):
            before = len(samples)
            for folder, _, files in sorted(os.walk(os.path.join(directory, name), followlinks=True)):
                paths = [os.path.join(folder, file) for file in sorted(files)]
                samples += [(path, class_to_idx[name]) for path in paths if counts(path)]
            if len(samples) == before:
                empty.append(name)
        if empty and not allow_empty:
            wanted = f" whose name ends with {', '.join(ends)}" if ends else " that is_valid_file takes"
            raise FileNotFoundError(
                f"make_dataset: no file{wanted} for the classes {', '.join(empty)} in {directory}; "
                f"allow_empty=True lets them be"
            )
        return samples

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        return self.transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Images in folders, of which each is a class: ``root/dog/1.png``. A sample is a PIL image in RGB and an int.

    Args:
        root: the folder of the classes' folders.
        transform: a function of the image.
        target_transform: a function of the number of the class.
        loader: a function from a path to an image, by default :func:`default_loader`.
        is_valid_file: a function that says of a path whether it counts; by default the usual ends of names do.
        allow_empty: classes without an image are no error.

    Attributes and errors are those of :class:`DatasetFolder`; ``imgs`` is another name of ``samples``. DataFileError,
    when a sample is taken, for a file that is no image.

    >>> import pathlib, tempfile, weft
    >>> from PIL import Image
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "red").mkdir()
    >>> Image.new("RGB", (2, 2), "red").save(root / "red" / "1.png")
    >>> image, target = weft.datasets.ImageFolder(root)[0]
    >>> image.size, image.getpixel((0, 0)), target
    ((2, 2), (255, 0, 0), 0)
    """

    def __init__(
        self,
        root: Any,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        loader: Callable[[str], Any] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(
            root, loader or default_loader, extensions, transform, target_transform, is_valid_file, allow_empty
        )
        self.imgs: list[tuple[str, int]] = self.samples


def default_loader(path: Any) -> Any:
    """The image in a file as a PIL image in RGB.

    Args:
        path: of the file.

    Raises DataFileError for a file that is no image, or is damaged; ImportError without Pillow.

    >>> import pathlib, tempfile, weft
    >>> from PIL import Image
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "grey.png"
    >>> Image.new("L", (3, 2)).save(path)
    >>> weft.datasets.default_loader(path).mode
    'RGB'
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("images are read by Pillow; pip install pillow, or give a loader") from error
    try:
        with open(path, "rb") as file:
            return Image.open(file).convert("RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataFileError(f"{path}: this is no image, or it is damaged ({error})") from None
