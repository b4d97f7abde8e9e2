"! <p class="shorttext synchronized">longhaul: comes by, in tests</p>
"! While an object is worked on
INTERFACE zif_longhaul_double_visitor PUBLIC.
  METHODS come.
ENDINTERFACE.
