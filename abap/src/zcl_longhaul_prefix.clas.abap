"! <p class="shorttext synchronized">longhaul: what a client has of an operation</p>
"! Checks it against the chunks that are kept (PROTOCOL 6.4), and takes the operation over where it is right.
"! Reads in slices, since there may be much to read; what is to be written on is read to its end, for the
"! digest of the whole.
CLASS zcl_longhaul_prefix DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    TYPES:
      "! As the client says it: the next chunk that it wants, and the bytes before that
      BEGIN OF claim,
        next   TYPE i,
        offset TYPE i,
        sha256 TYPE string,
      END OF claim.

    "! Of all chunks, once checked; only where the operation is still to be worked on
    DATA digest TYPE zcl_longhaul_codec=>hash READ-ONLY.
    "! Whether the operation is the stream's that checks
    DATA is_attached TYPE abap_bool READ-ONLY.

    METHODS constructor
      IMPORTING
        part  TYPE claim
        lease TYPE REF TO zcl_longhaul_lease
        clock TYPE REF TO zif_longhaul_clock
      RAISING
        zcx_longhaul.

    "! One slice; raises RESUME_MISMATCH where the client has something else
    METHODS check
      IMPORTING until          TYPE zif_longhaul=>milliseconds
      RETURNING VALUE(is_over) TYPE abap_bool
      RAISING   zcx_longhaul.

  PRIVATE SECTION.
    DATA part TYPE claim.
    DATA lease TYPE REF TO zcl_longhaul_lease.
    DATA clock TYPE REF TO zif_longhaul_clock.
    "! The last chunk that was read
    DATA read_up_to TYPE i.
    DATA part_digest TYPE zcl_longhaul_codec=>hash.

    METHODS read_on
      RAISING zcx_longhaul.
    METHODS compare
      RAISING zcx_longhaul.
    METHODS refuse
      IMPORTING why TYPE string
      RAISING   zcx_longhaul.
ENDCLASS.



CLASS zcl_longhaul_prefix IMPLEMENTATION.


  METHOD check.
    WHILE read_up_to < part-next - 1 AND read_up_to < lease->record-part_count.
      read_on( ).
      IF clock->now( ) >= until.
        RETURN.
      ENDIF.
    ENDWHILE.
    IF is_attached = abap_false.
      compare( ).
      lease->attach( ).
      is_attached = abap_true.
    ENDIF.
    WHILE lease->record-status = zif_longhaul_store=>statuses-working AND read_up_to < lease->record-part_count.
      read_on( ).
      IF clock->now( ) >= until.
        RETURN.
      ENDIF.
    ENDWHILE.
    is_over = abap_true.
  ENDMETHOD.


  METHOD compare.
    IF part-next = lease->record-part_count + 1.
      DATA(border) = lease->record-byte_count.
    ELSEIF part-next <= lease->record-part_count.
      border = lease->chunk( part-next )-offset.
    ELSE.
      border = -1.
    ENDIF.
    IF part-offset <> border.
      refuse( `nextSeq and offset are no border of a chunk` ).
    ENDIF.
    DATA(sha256) = zcl_longhaul_codec=>sha256_end( part_digest ).
    IF sha256 <> part-sha256.
      refuse( `sha256 is another one` ).
    ENDIF.
  ENDMETHOD.


  METHOD constructor.
    me->part = part.
    me->lease = lease.
    me->clock = clock.
    part_digest = zcl_longhaul_codec=>sha256_begin( ).
    digest = zcl_longhaul_codec=>sha256_begin( ).
  ENDMETHOD.


  METHOD read_on.
    DATA(chunk) = lease->chunk( read_up_to + 1 ).
    read_up_to = chunk-seq.
    IF read_up_to < part-next.
      zcl_longhaul_codec=>sha256_add( digest = part_digest
                                      bytes  = chunk-data ).
    ENDIF.
    IF lease->record-status = zif_longhaul_store=>statuses-working.
      zcl_longhaul_codec=>sha256_add( digest = digest
                                      bytes  = chunk-data ).
    ENDIF.
  ENDMETHOD.


  METHOD refuse.
    RAISE EXCEPTION TYPE zcx_longhaul
      EXPORTING
        code    = zif_longhaul=>code-resume_mismatch
        message = why.
  ENDMETHOD.
ENDCLASS.
