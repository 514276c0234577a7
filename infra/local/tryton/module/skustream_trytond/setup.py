# SPDX-License-Identifier: GPL-3.0-or-later
"""Program: makes the base database (modules, company, warehouse, parties), or puts a catalogue with stock into it.

usage: python -m skustream_trytond.setup base CONFIG DATABASE
       python -m skustream_trytond.setup catalogue CONFIG DATABASE FILE
"""

import gc
import sys

from trytond import config


def main(arguments):
    step, configuration, database = arguments[:3]
    config.update_etc([configuration])
    # trytond chooses its back end when it is first imported, so only after the configuration is read
    from skustream_trytond import base

    # one short run that keeps nearly all it makes: collecting garbage would cost a third of it
    gc.disable()
    if step == "base":
        base.make_base(database)
    else:
        base.put_catalogue(database, arguments[3])


if __name__ == "__main__":
    main(sys.argv[1:])
