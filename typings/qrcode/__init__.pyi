# What Tollgate uses of qrcode 8, which ships no types.
from qrcode.image.svg import SvgPathImage

def make(data: str, *, image_factory: type[SvgPathImage]) -> SvgPathImage: ...
