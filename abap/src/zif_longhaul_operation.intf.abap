"! <p class="shorttext synchronized">longhaul: work that is done in steps and gives a payload</p>
"! A session calls prepare, or restore where the operation goes on after a cut, then step until all
"! items are done, then finish, then result. Between two steps other events of the connection are
"! served. No step waits, submits, shows a screen or commits.
INTERFACE zif_longhaul_operation PUBLIC.
  "! Reads the params and finds out what is to be done
  METHODS prepare
    IMPORTING params TYPE REF TO zcl_longhaul_json
    RAISING   zcx_longhaul.

  "! What is to be done, as a JSON object that does not change any more
  METHODS plan
    RETURNING VALUE(plan) TYPE string.

  "! How far it has come, as a JSON object
  METHODS state
    RETURNING VALUE(state) TYPE string.

  "! Goes on where plan and state say
  METHODS restore
    IMPORTING
      plan  TYPE REF TO zcl_longhaul_json
      state TYPE REF TO zcl_longhaul_json
    RAISING
      zcx_longhaul.

  "! How many items there are, and how many are done
  METHODS total
    RETURNING VALUE(total) TYPE i.
  METHODS done
    RETURNING VALUE(done) TYPE i.

  "! What the next item is called
  METHODS label
    RETURNING VALUE(label) TYPE string.

  "! Does the next item
  METHODS step
    IMPORTING sink TYPE REF TO zif_longhaul_sink
    RAISING   zcx_longhaul.

  "! Leaves the next item out, since it has ended a session before
  METHODS skip
    IMPORTING sink TYPE REF TO zif_longhaul_sink.

  "! Writes what stands behind the last item
  METHODS finish
    IMPORTING sink TYPE REF TO zif_longhaul_sink
    RAISING   zcx_longhaul.

  "! The result as JSON, for a complete frame
  METHODS result
    RETURNING VALUE(data) TYPE string.

  "! The result as JSON for a client that wants one answer
  METHODS answer
    IMPORTING payload     TYPE xstring
    RETURNING VALUE(data) TYPE string
    RAISING   zcx_longhaul.

  "! Whether the payload is records, which are to leave as soon as there are some (PROTOCOL 4.8)
  METHODS has_records
    RETURNING VALUE(has_records) TYPE abap_bool.

  "! The code of errors that have none of their own
  METHODS error_code
    RETURNING VALUE(code) TYPE string.
ENDINTERFACE.
