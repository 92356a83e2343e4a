// The C side of TetGen: plain arrays in, plain arrays out, no exception crosses.
// SPDX-License-Identifier: AGPL-3.0-or-later

#include "tetgen.h"

#include <cstdio>
#include <exception>
#include <new>

namespace {

// Texts of the codes that TetGen throws, in the words of its own command line.
const char *meaning(int code) {
    switch (code) {
    case 1: return "out of memory";
    case 2: return "internal error of TetGen";
    case 3: return "the surface triangles intersect each other";
    case 4: return "a feature of the surface is smaller than the tolerance";
    case 5: return "two facets are nearly coincident";
    case 10: return "the input is not a valid piecewise linear complex";
    default: return "TetGen gave up without a reason";
    }
}

} // namespace

extern "C" {

struct dens_complex {
    int n_points;
    const double *points; // 3 per point
    int n_triangles;
    const int *triangles; // 3 per triangle, from 0
    const int *markers;   // 1 per triangle
    int n_regions;
    const double *regions; // seed x y z, attribute, largest volume
};

struct dens_cells {
    int n_points, n_cells, n_corners, n_attributes, n_faces;
    const double *points;
    const int *cells;         // n_corners per cell
    const double *attributes; // n_attributes per cell
    const int *faces;         // 3 per face
    const int *markers;       // 1 per face, may be null
    void *owner;
};

// Returns 0 and fills `out`, to be released by dens_release; else a code above 0 and a text.
int dens_tetrahedralize(const char *switches, const dens_complex *in, dens_cells *out, char *text, size_t text_size) {
    tetgenio *result = nullptr;
    try {
        tetgenio input;
        input.numberofpoints = in->n_points;
        input.pointlist = new REAL[3 * (size_t)in->n_points];
        for (size_t i = 0; i < 3 * (size_t)in->n_points; i++) input.pointlist[i] = in->points[i];
        input.numberoffacets = in->n_triangles;
        input.facetlist = new tetgenio::facet[in->n_triangles];
        // Every facet is whole before anything else can throw: the destructor walks all of them.
        for (int f = 0; f < in->n_triangles; f++) tetgenio::init(&input.facetlist[f]);
        input.facetmarkerlist = new int[in->n_triangles];
        for (int f = 0; f < in->n_triangles; f++) {
            tetgenio::facet &facet = input.facetlist[f];
            facet.polygonlist = new tetgenio::polygon[1];
            facet.numberofpolygons = 1;
            tetgenio::init(&facet.polygonlist[0]);
            facet.polygonlist[0].vertexlist = new int[3];
            facet.polygonlist[0].numberofvertices = 3;
            for (int k = 0; k < 3; k++) facet.polygonlist[0].vertexlist[k] = in->triangles[3 * (size_t)f + k];
            input.facetmarkerlist[f] = in->markers[f];
        }
        input.numberofregions = in->n_regions;
        input.regionlist = new REAL[5 * (size_t)in->n_regions];
        for (size_t i = 0; i < 5 * (size_t)in->n_regions; i++) input.regionlist[i] = in->regions[i];

        result = new tetgenio;
        tetrahedralize(const_cast<char *>(switches), &input, result);
        *out = dens_cells{result->numberofpoints,
                          result->numberoftetrahedra,
                          result->numberofcorners,
                          result->numberoftetrahedronattributes,
                          result->numberoftrifaces,
                          result->pointlist,
                          result->tetrahedronlist,
                          result->tetrahedronattributelist,
                          result->trifacelist,
                          result->trifacemarkerlist,
                          result};
        return 0;
    } catch (int code) {
        snprintf(text, text_size, "%s", meaning(code));
        delete result;
        return code > 0 ? code : 99;
    } catch (const std::bad_alloc &) {
        snprintf(text, text_size, "%s", meaning(1));
        delete result;
        return 1;
    } catch (const std::exception &error) {
        snprintf(text, text_size, "%s", error.what());
        delete result;
        return 99;
    } catch (...) {
        snprintf(text, text_size, "%s", meaning(0));
        delete result;
        return 99;
    }
}

void dens_release(dens_cells *cells) {
    delete static_cast<tetgenio *>(cells->owner);
    cells->owner = nullptr;
}

} // extern "C"
