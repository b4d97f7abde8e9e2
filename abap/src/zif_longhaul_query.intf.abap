"! <p class="shorttext synchronized">longhaul: what is answered at once</p>
INTERFACE zif_longhaul_query PUBLIC.
  "! The result as JSON
  METHODS answer
    IMPORTING params      TYPE REF TO zcl_longhaul_json
    RETURNING VALUE(data) TYPE string
    RAISING   zcx_longhaul.
ENDINTERFACE.
