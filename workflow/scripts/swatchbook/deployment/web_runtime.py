"""What runs an ONNX file in a browser: onnxruntime-web, out of its package of npm.

Of its builds the smallest that has all operators on the CPU. It computes on one thread where, as on
a page from a file, memory cannot be shared between threads.
"""

import re
import tarfile
from pathlib import Path
from typing import NamedTuple

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
FILE = f"{PACKAGE}-{VERSION}.tgz"  # as `npm pack` calls it

SCRIPT = "package/dist/ort.wasm.bundle.min.mjs"
BINARY = "package/dist/ort-wasm-simd-threaded.wasm"


class WebRuntime(NamedTuple):
    """The runtime.

    Attributes
    ----------
    script
        The text of a JavaScript module that leaves all that it exports in the constant ``ort``.
    binary
        The WebAssembly that it is given as ``ort.env.wasm.wasmBinary``.
    """

    script: str
    binary: bytes


def read(path: str | Path) -> WebRuntime:
    """Read the runtime out of its package.

    Raises
    ------
    DownloadError
        If the file is not the pinned one.
    """
    from swatchbook.sources import downloads  # not above: the Snakefile reads the pins alone

    downloads.verify(Path(path), [SHA256], hint="delete it and run again")
    with tarfile.open(path) as package:
        script, binary = (package.extractfile(name).read() for name in (SCRIPT, BINARY))
    return WebRuntime(_as_constant(script.decode()), binary)


def _as_constant(module: str) -> str:
    """Turn a module's exports into a constant, since no other module can import one in a page."""
    code, names = re.fullmatch(r"(.*)export\{([^}]*)\};\s*(?://.*)?", module, re.DOTALL).groups()
    pairs = [name.split(" as ") for name in names.split(",")]
    return f"{code}const ort={{{','.join(f'{shown}:{own}' for own, shown in pairs)}}};"
