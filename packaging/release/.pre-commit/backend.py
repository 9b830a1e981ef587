"""Builds an empty wheel that requires the published wheel of keysweep.

pre-commit and prek run `pip install .` in the root of this repository. With a build backend in the tree they fetch
keysweep alone: no setuptools, no maturin, no compiler.
"""

import base64
import hashlib
import zipfile

VERSION = "@VERSION@"
INFO = f"keysweep_hooks-{VERSION}.dist-info"
FILES = {
    f"{INFO}/METADATA": f"Metadata-Version: 2.1\nName: keysweep-hooks\nVersion: {VERSION}\nRequires-Dist: keysweep=={VERSION}\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: keysweep\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    record = ""
    for name, text in FILES.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(text)}\n"
    name = f"keysweep_hooks-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as wheel:
        for path, text in [*FILES.items(), (f"{INFO}/RECORD", f"{record}{INFO}/RECORD,,\n")]:
            wheel.writestr(path, text)
    return name
