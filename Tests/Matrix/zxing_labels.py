#!/usr/bin/env python3
"""A stranger's reader: the PyPI package `zxing-cpp` reads every symbol of the labels that `siyu codes label` drew.

    zxing_labels.py CODES FIRST FILE...

CODES is the file that `siyu codes mint` wrote with the columns index,code,url; the files are sheets (HTML) or single labels (SVG),
together the labels from FIRST on in the order of the index. Each is parsed as XML, its path is painted module by module, and what
the reader reads must be the url of that line of CODES.
Exit code 0 only if all are read right, 1 if one is not, 69 if a package is missing.
"""

import csv
import re
import sys
import xml.etree.ElementTree as xml

try:
    import numpy
    import zxingcpp
except ImportError as missing:
    sys.exit(print(f"{missing.name} is missing: pip install zxing-cpp numpy", file=sys.stderr) or 69)

PIXELS = 4
RUN = re.compile(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z")


def picture(svg):
    """The symbol with its border, as grey pixels."""
    path = next(element for element in svg.iter() if element.tag.endswith("}path")).get("d")
    runs = RUN.findall(path)
    if "".join(f"M{x} {y}h{n}v1h-{m}z" for x, y, n, m in runs) != path:
        raise ValueError("a path of other commands")
    side = int(svg.get("viewBox").split()[2])
    modules = numpy.full((side, side), 255, dtype=numpy.uint8)
    for x, y, count, _ in runs:
        modules[int(y), int(x) : int(x) + int(count)] = 0
    return modules.repeat(PIXELS, axis=0).repeat(PIXELS, axis=1)


def main():
    codes, first, files = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    with open(codes, newline="") as lines:
        urls = [line["url"] for line in csv.DictReader(lines)]
    count = 0
    for file in files:
        root = xml.parse(file).getroot()
        for svg in (element for element in root.iter() if element.tag.endswith("}svg")):
            wanted = urls[first + count]
            read = [(symbol.format.name, symbol.text) for symbol in zxingcpp.read_barcodes(picture(svg))]
            if len(read) != 1 or not read[0][0].startswith("QR") or read[0][1] != wanted:
                sys.exit(print(f"{file}, label {count}: {read}, not {wanted}", file=sys.stderr) or 1)
            count += 1
    if count == 0:
        sys.exit(print("there are no labels", file=sys.stderr) or 1)
    print(f"zxing-cpp reads all of {count} labels")


main()
