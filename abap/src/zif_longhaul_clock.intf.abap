"! <p class="shorttext synchronized">longhaul: what time it is</p>
INTERFACE zif_longhaul_clock PUBLIC.
  "! Now, the same for all servers of a system
  METHODS now
    RETURNING VALUE(now) TYPE zif_longhaul=>milliseconds.

  "! Now for people, such as 20261120T120000, in UTC
  METHODS timestamp
    RETURNING VALUE(timestamp) TYPE string.
ENDINTERFACE.
