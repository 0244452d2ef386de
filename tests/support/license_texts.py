"""license_texts: texts of licenses, the long ones cut after what tells them apart."""

from __future__ import annotations

_GRANT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so"""
_NO_WARRANTY = """\
THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
_BSD = """\
Copyright (c) 2024, Ada Example

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this
   list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.
"""
_BSD_END = """
THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"
AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED.
"""
_ISC = """\
Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted"""
_ISC_END = """

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH
REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY
AND FITNESS.
"""


def _gnu(title: str, version: str) -> str:
    return f"                    {title}\n                       {version}\n\n Copyright (C) the foundation\n"


_MIT = """, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

"""
_ISC_NOTICE = """, provided that the above
copyright notice and this permission notice appear in all copies."""
_BSD_THIRD = """
3. Neither the name of the copyright holder nor the names of its contributors
   may be used to endorse or promote products derived from this software
   without specific prior written permission.
"""
_ZLIB = """\
This software is provided 'as-is', without any express or implied
warranty. In no event will the authors be held liable.

2. Altered source versions must be plainly marked as such.
"""
_BOOST = """\
Boost Software License - Version 1.0 - August 17th, 2003

Permission is hereby granted, free of charge, to any person or organization
"""
_APACHE = """\
                                 Apache License
                           Version 2.0, January 2004
                        http://www.apache.org/licenses/

   TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION
"""

#: By SPDX id.
TEXTS: dict[str, str] = {
    "MIT": f"MIT License\n\n{_GRANT}{_MIT}{_NO_WARRANTY}",
    "MIT-0": f"MIT No Attribution\n\n{_GRANT}.\n\n{_NO_WARRANTY}",
    "ISC": f"{_ISC}{_ISC_NOTICE}{_ISC_END}",
    "0BSD": f"{_ISC}.{_ISC_END}",
    "BSD-2-Clause": _BSD + _BSD_END,
    "BSD-3-Clause": _BSD + _BSD_THIRD + _BSD_END,
    "Zlib": _ZLIB,
    "BSL-1.0": _BOOST,
    "Unlicense": "This is free and unencumbered software released into the public domain.\n",
    "Apache-2.0": _APACHE,
    "MPL-2.0": "Mozilla Public License Version 2.0\n==================================\n\n1. Definitions\n",
    "CC0-1.0": "Creative Commons Legal Code\n\nCC0 1.0 Universal\n\nStatement of Purpose\n",
    "GPL-2.0-only": _gnu("GNU GENERAL PUBLIC LICENSE", "Version 2, June 1991"),
    "GPL-3.0-only": _gnu("GNU GENERAL PUBLIC LICENSE", "Version 3, 29 June 2007")
    + "\nUse the GNU Affero General Public License instead of this License.\n",
    "LGPL-2.1-only": _gnu("GNU LESSER GENERAL PUBLIC LICENSE", "Version 2.1, February 1999"),
    "LGPL-3.0-only": _gnu("GNU LESSER GENERAL PUBLIC LICENSE", "Version 3, 29 June 2007"),
    "AGPL-3.0-only": _gnu("GNU AFFERO GENERAL PUBLIC LICENSE", "Version 3, 19 November 2007"),
}
