"""Which image jobs run."""

import re
from collections.abc import Iterator
from typing import Any

from _batch import JobCheck, containers
from _rules import Fault, shown, text

_DIGEST = re.compile(r"@(sha256:[0-9a-f]{64}|sha256:\$\{[^}]+\}|\$\{[^}]+\})$")


class BatchImage(JobCheck):
    """Images are pinned by digest."""

    check_id = "CKV_STACKPROOF_BATCH_IMAGE"

    def faults(self, properties: dict[str, Any]) -> Iterator[Fault]:
        """Each container whose image can change under its name."""
        places = list(containers(properties))
        if not places:
            yield Fault(key="Properties", text="no container is declared, so no image either")
        for place in places:
            image = place.container.get("Image")
            if not _DIGEST.search(text(image) or ""):
                said = f"Image is {shown(image)}: a tag can be moved to another image, a digest (@sha256:...) can't"
                yield Fault(key=f"{place.key}/Image", text=said, value=image)


check = BatchImage()
