"! <p class="shorttext synchronized">longhaul: cuts a payload into chunks</p>
"! Bytes go in as they are made; chunks of one size come out, the last one shorter. Chunks stay here
"! until they are dropped. The digest of the whole grows along.
CLASS zcl_longhaul_payload DEFINITION PUBLIC FINAL CREATE PUBLIC.
  PUBLIC SECTION.
    DATA chunk_bytes TYPE i READ-ONLY.
    "! How many chunks were cut, and how many bytes are in them
    DATA chunks TYPE i READ-ONLY.
    DATA cut_bytes TYPE i READ-ONLY.

    "! error_code is that of a payload which grows too large, or has too many chunks: each is a row of the
    "! database and a frame, however small
    METHODS constructor
      IMPORTING
        chunk_bytes TYPE i
        max_bytes   TYPE i
        max_chunks  TYPE i
        error_code  TYPE string
      RAISING
        zcx_longhaul.

    METHODS write
      IMPORTING bytes TYPE xstring
      RAISING   zcx_longhaul.

    "! What is not cut yet
    METHODS tail
      RETURNING VALUE(tail) TYPE xstring.

    "! Cuts what there is, however little; a payload whose chunks are not of one size
    METHODS flush.

    "! Cuts the last chunk and ends the digest
    METHODS close
      RAISING zcx_longhaul.

    "! The SHA-256 in lower case, once closed
    METHODS sha256
      RETURNING VALUE(sha256) TYPE string.

    "! Goes on with a payload of which so much was cut, with the digest of all that went in
    METHODS restore
      IMPORTING
        chunks    TYPE i
        cut_bytes TYPE i
        tail      TYPE xstring
        digest    TYPE zcl_longhaul_codec=>hash OPTIONAL
        sha256    TYPE string OPTIONAL.

    "! Initial where it is not here
    METHODS chunk
      IMPORTING seq          TYPE i
      RETURNING VALUE(chunk) TYPE zif_longhaul=>slice.

    "! The chunks that were cut since this was last asked
    METHODS take_new
      RETURNING VALUE(slices) TYPE zif_longhaul=>slices.

    "! Chunks up to this one are not needed any more
    METHODS drop
      IMPORTING up_to TYPE i.

    "! Of those that are not new, keeps no more than so many
    METHODS thin_out
      IMPORTING max_chunks TYPE i.

    METHODS count_held
      RETURNING VALUE(count) TYPE i.

  PRIVATE SECTION.
    DATA max_bytes TYPE i.
    DATA max_chunks TYPE i.
    DATA error_code TYPE string.
    DATA digest TYPE zcl_longhaul_codec=>hash.
    DATA hex TYPE string.
    "! What is not cut yet, piece by piece: a tail that grows with each would be copied each time
    DATA pieces TYPE zcl_longhaul_codec=>byte_parts.
    DATA tail_bytes TYPE i.
    DATA held TYPE SORTED TABLE OF zif_longhaul=>slice WITH UNIQUE KEY seq.
    "! The last chunk that was taken as new
    DATA known TYPE i.

    METHODS cut
      IMPORTING bytes TYPE xstring.
ENDCLASS.



CLASS zcl_longhaul_payload IMPLEMENTATION.


  METHOD chunk.
    chunk = VALUE #( held[ seq = seq ] OPTIONAL ).
  ENDMETHOD.


  METHOD close.
    flush( ).
    hex = zcl_longhaul_codec=>sha256_end( digest ).
  ENDMETHOD.


  METHOD constructor.
    me->chunk_bytes = chunk_bytes.
    me->max_bytes = max_bytes.
    me->max_chunks = max_chunks.
    me->error_code = error_code.
    digest = zcl_longhaul_codec=>sha256_begin( ).
  ENDMETHOD.


  METHOD count_held.
    count = lines( held ).
  ENDMETHOD.


  METHOD cut.
    chunks = chunks + 1.
    INSERT VALUE #( seq    = chunks
                    offset = cut_bytes
                    data   = bytes ) INTO TABLE held.
    cut_bytes = cut_bytes + xstrlen( bytes ).
  ENDMETHOD.


  METHOD drop.
    DELETE held WHERE seq <= up_to.
  ENDMETHOD.


  METHOD flush.
    IF tail_bytes > 0.
      cut( tail( ) ).
      CLEAR pieces.
      CLEAR tail_bytes.
    ENDIF.
  ENDMETHOD.


  METHOD restore.
    me->chunks = chunks.
    me->cut_bytes = cut_bytes.
    pieces = VALUE #( ( tail ) ).
    tail_bytes = xstrlen( tail ).
    known = chunks.
    hex = sha256.
    IF digest IS BOUND.
      me->digest = digest.
    ENDIF.
  ENDMETHOD.


  METHOD sha256.
    sha256 = hex.
  ENDMETHOD.


  METHOD tail.
    tail = zcl_longhaul_codec=>join( pieces ).
    pieces = VALUE #( ( tail ) ).
  ENDMETHOD.


  METHOD take_new.
    LOOP AT held INTO DATA(slice) WHERE seq > known.
      APPEND slice TO slices.
    ENDLOOP.
    known = chunks.
  ENDMETHOD.


  METHOD thin_out.
    WHILE lines( held ) > max_chunks.
      IF held[ 1 ]-seq > known.
        RETURN.
      ENDIF.
      DELETE held INDEX 1.
    ENDWHILE.
  ENDMETHOD.


  METHOD write.
    IF xstrlen( bytes ) > max_bytes - cut_bytes - tail_bytes.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = error_code
          message = |the result has more than { max_bytes } bytes|.
    ENDIF.
    " Before any of them is cut: one file may give millions.
    IF chunks >= max_chunks OR ( tail_bytes + xstrlen( bytes ) ) DIV chunk_bytes > max_chunks - chunks.
      RAISE EXCEPTION TYPE zcx_longhaul
        EXPORTING
          code    = error_code
          message = |the result has more than { max_chunks } chunks of { chunk_bytes } bytes|.
    ENDIF.
    zcl_longhaul_codec=>sha256_add(
      digest = digest
      bytes  = bytes ).
    APPEND bytes TO pieces.
    tail_bytes = tail_bytes + xstrlen( bytes ).
    IF tail_bytes < chunk_bytes.
      RETURN.
    ENDIF.
    DATA(rest) = tail( ).
    DATA(from) = 0.
    WHILE tail_bytes - from >= chunk_bytes.
      DATA(slice) = rest+from(chunk_bytes).
      cut( slice ).
      from = from + chunk_bytes.
    ENDWHILE.
    tail_bytes = tail_bytes - from.
    IF tail_bytes > 0.
      rest = rest+from.
    ELSE.
      CLEAR rest.
    ENDIF.
    pieces = VALUE #( ( rest ) ).
  ENDMETHOD.
ENDCLASS.
