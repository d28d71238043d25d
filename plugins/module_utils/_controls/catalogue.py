# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All controls in one table, by their ids."""

from __future__ import annotations

from . import audit, containers, data, edge, identity, network, storage

ALL = (
    *network.CONTROLS,
    *data.CONTROLS,
    *storage.CONTROLS,
    *containers.CONTROLS,
    *edge.CONTROLS,
    *identity.CONTROLS,
    *audit.CONTROLS,
)
CONTROLS = {control.id: control for control in ALL}
