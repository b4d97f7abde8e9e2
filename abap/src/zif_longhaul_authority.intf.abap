"! <p class="shorttext synchronized">longhaul: what a user may read</p>
INTERFACE zif_longhaul_authority PUBLIC.
  METHODS may_read
    IMPORTING object          TYPE zif_longhaul_catalog=>object
    RETURNING VALUE(may_read) TYPE abap_bool.
ENDINTERFACE.
